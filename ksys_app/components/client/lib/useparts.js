// The parts of long lists that are in the document, by the name of the list.
import { useMemo, useSyncExternalStore } from "react";
import { cut } from "./parts.js";

const parts = new Map();
const orders = new Map();
const listeners = new Set();

// Show a part as `cut` takes it; without one the list decides for itself.
export function show(name, part) {
  const before = parts.get(name);
  if (part && before && Object.keys(part).every((key) => before[key] === part[key])) return;
  if (part) parts.set(name, { ...before, ...part });
  else if (!parts.delete(name)) return;
  listeners.forEach((listener) => listener());
}

// Keep the item at a place, which has the focus now, in the document until another one has it.
export const keep = (name, place) => show(name, { kept: orders.get(name)?.[place] });

function subscribe(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function usePart(name, order, whole) {
  const part = useSyncExternalStore(subscribe, () => parts.get(name), () => undefined);
  orders.set(name, order);
  return useMemo(() => cut(order, part, whole), [order, part, whole]);
}
