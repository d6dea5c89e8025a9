// Which items of a long list are in the document.

// The rendered items, each as [item, its place in the list, its style if it is outside of the visible part, whether the Tab
// key enters the list at it]. A list of up to `renderAllUpTo` items is rendered as a whole, which costs less than to follow
// the scrolling. Of a longer list these are rendered: the places `from` to `to`, and the `focused` item, which had the focus
// last, with `beside` neighbours on each side, so that the focus and the arrow keys work wherever the list is scrolled to.
export function renderedItems(order, part, renderAllUpTo) {
  const { from = 0, to = renderAllUpTo, focused, beside = 0, columns = 1 } = part ?? {};
  if (order.length <= renderAllUpTo) return order.map((item, place) => [item, place, undefined, place === 0]);
  const visible = span(from, to, order.length);
  const focusedPlace = order.indexOf(focused);
  const outside = focusedPlace < 0 ? [] : span(focusedPlace - beside, focusedPlace + beside + 1, order.length).filter((place) => place < visible[0] || place > visible.at(-1));
  const tabPlace = focusedPlace < 0 ? visible[0] : -1;
  const styleOf = (place) => (outside.includes(place) ? { "--away": Math.floor(place / columns) } : undefined);
  const places = visible.length === 0 ? [] : [...visible, ...outside].sort((a, b) => a - b);
  return places.map((place) => [order[place], place, styleOf(place), place === tabPlace]);
}

function span(from, to, count) {
  const places = [];
  for (let place = Math.max(0, from); place < Math.min(to, count); place += 1) places.push(place);
  return places;
}
