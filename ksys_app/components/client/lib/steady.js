// Whether somebody is at a list: the pointer or the keyboard is inside it, and was used within the last `restMs`.
export const attended = ({ pointer, keys, usedMs }, nowMs, restMs) => (pointer || keys) && nowMs - usedMs < restMs;
