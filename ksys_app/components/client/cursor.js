// The time that is pointed at, shared by a chart and the table beside it.
import { useSyncExternalStore } from "react";

const listeners = new Set();
const NONE = { ms: 0, by: "" };
let cursor = NONE;

export function point(ms, by) {
  if (ms === cursor.ms) return;
  cursor = ms > 0 ? { ms, by } : NONE;
  listeners.forEach((listener) => listener());
}

function subscribe(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export const useCursor = () => useSyncExternalStore(subscribe, () => cursor, () => NONE);
