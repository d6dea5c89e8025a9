// Which part of a long list is in the document.

// The items that are there, each with its place in the list, the style of one that is far from those in sight, and
// whether the tabulator key enters the list at it. Up to `whole` items are shown whole: they cost less than to follow
// the scroll. Of more there are the places `from` to `to`, and the item that had the focus last with a few `beside` it,
// so that the focus stays on it and the keys go on from it wherever the list is scrolled to.
export function cut(order, part, whole) {
  const { from = 0, to = whole, kept, beside = 0, columns = 1 } = part ?? {};
  if (order.length <= whole) return order.map((item, place) => [item, place, undefined, place === 0]);
  const near = span(from, to, order.length);
  const at = order.indexOf(kept);
  const far = at < 0 ? [] : span(at - beside, at + beside + 1, order.length).filter((place) => place < near[0] || place > near.at(-1));
  const stop = at < 0 ? near[0] : -1;
  const away = (place) => (far.includes(place) ? { "--away": Math.floor(place / columns) } : undefined);
  const places = near.length === 0 ? [] : [...near, ...far].sort((one, other) => one - other);
  return places.map((place) => [order[place], place, away(place), place === stop]);
}

function span(from, to, count) {
  const found = [];
  for (let place = Math.max(0, from); place < Math.min(to, count); place += 1) found.push(place);
  return found;
}
