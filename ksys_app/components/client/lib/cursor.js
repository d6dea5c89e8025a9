// The time that is pointed at, shared by a chart and the table beside it, and the time whose row is looked for.
import { useSyncExternalStore } from "react";

const listeners = new Set();
const NONE = { ms: 0, by: "" };
let cursor = NONE;
let sought = 0;

export function point(ms, by) {
  if (ms === cursor.ms) return;
  cursor = ms > 0 ? { ms, by } : NONE;
  listeners.forEach((listener) => listener());
}

// Asks for the row of a time to be brought into view, once it is there; 0: it was.
export function seek(ms) {
  sought = ms;
  listeners.forEach((listener) => listener());
}

function subscribe(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export const useCursor = () => useSyncExternalStore(subscribe, () => cursor, () => NONE);
export const useSought = () => useSyncExternalStore(subscribe, () => sought, () => 0);
