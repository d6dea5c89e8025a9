// The rendered parts of long lists, by the name of the list.
import { useMemo, useSyncExternalStore } from "react";
import { renderedItems } from "./parts.js";

const parts = new Map();
const orders = new Map();
const listeners = new Set();

// Sets fields of the rendered part of a list, as `renderedItems` takes it; without `part` the default is rendered.
export function show(name, part) {
  const before = parts.get(name);
  if (part && before && Object.keys(part).every((key) => before[key] === part[key])) return;
  if (part) parts.set(name, { ...before, ...part });
  else if (!parts.delete(name)) return;
  listeners.forEach((listener) => listener());
}

// Keeps the item at a place rendered while it has the focus.
export const keep = (name, place) => show(name, { focused: orders.get(name)?.[place] });

function subscribe(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

// The rendered items of a list; `order` is the whole list.
export function usePart(name, order, renderAllUpTo) {
  const part = useSyncExternalStore(subscribe, () => parts.get(name), () => undefined);
  orders.set(name, order);
  return useMemo(() => renderedItems(order, part, renderAllUpTo), [order, part, renderAllUpTo]);
}
