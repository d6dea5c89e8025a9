// Whether a person is using a list: the pointer or the focus is inside it, and was used within the last `restMs`.
export const isInUse = ({ pointer, keys, usedMs }, nowMs, restMs) => (pointer || keys) && nowMs - usedMs < restMs;
