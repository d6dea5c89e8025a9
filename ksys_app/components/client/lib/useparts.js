// The parts of long lists that are in the document, by the name of the list.
import { useMemo, useSyncExternalStore } from "react";
import { cut } from "./parts.js";

const parts = new Map();
const listeners = new Set();

// Show the places from one up to another, the last one left out; without them the list decides for itself.
export function show(name, from, to) {
  const before = parts.get(name);
  if (before?.[0] === from && before?.[1] === to) return;
  if (from === undefined) parts.delete(name);
  else parts.set(name, [from, to]);
  listeners.forEach((listener) => listener());
}

function subscribe(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function usePart(name, order, whole) {
  const part = useSyncExternalStore(subscribe, () => parts.get(name), () => undefined);
  return useMemo(() => cut(order, part, whole), [order, part, whole]);
}
