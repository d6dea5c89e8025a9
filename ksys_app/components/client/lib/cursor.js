// The cursor that a chart and its table share, and the time whose row the table must scroll into view. Times are epoch ms.
import { useSyncExternalStore } from "react";

const listeners = new Set();
const NONE = { ms: 0, by: "" };
let cursor = NONE;
let soughtMs = 0;

// Sets the cursor; 0 hides it. `by` names the component that moved it.
export function point(ms, by) {
  if (ms === cursor.ms) return;
  cursor = ms > 0 ? { ms, by } : NONE;
  listeners.forEach((listener) => listener());
}

// Requests that the table scrolls the row of a time into view, as soon as it has that row; 0 ends the request.
export function seek(ms) {
  soughtMs = ms;
  listeners.forEach((listener) => listener());
}

function subscribe(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export const useCursor = () => useSyncExternalStore(subscribe, () => cursor, () => NONE);
export const useSought = () => useSyncExternalStore(subscribe, () => soughtMs, () => 0);
