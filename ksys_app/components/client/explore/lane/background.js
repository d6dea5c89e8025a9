// The marks of the lane that the chart also draws behind its lines: the shifts, and the start times of notes (epoch ms).
import { useSyncExternalStore } from "react";

const listeners = new Set();
const EMPTY = { shifts: [], notes: [] };
let background = EMPTY;

export function setBackground(next) {
  background = next ?? EMPTY;
  listeners.forEach((listener) => listener());
}

function subscribe(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export const useBackground = () => useSyncExternalStore(subscribe, () => background, () => EMPTY);
