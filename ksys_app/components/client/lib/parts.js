// Which part of a long list is in the document.

// So many are shown whole: they cost less than to follow the scroll.
export const WHOLE = 60;

// The items of a part, each with its place in the whole list.
export function cut(order, part) {
  const [from, to] = part ?? [0, WHOLE];
  const shown = order.length > WHOLE ? order.slice(from, to) : order;
  const start = order.length > WHOLE ? Math.min(from, order.length) : 0;
  return shown.map((item, at) => [item, start + at]);
}
