// Which part of a long list is in the document.

// The items of a part, each with its place in the list. Up to `whole` items are shown whole: they cost less than to
// follow the scroll.
export function cut(order, part, whole) {
  const many = order.length > whole;
  const [from, to] = part ?? [0, whole];
  const start = many ? Math.min(from, order.length) : 0;
  return (many ? order.slice(from, to) : order).map((item, at) => [item, start + at]);
}
