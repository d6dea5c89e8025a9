// The part of a window that a zoom shows, null for all of it: a zoom of another time shows the whole window.
export const within = (zoom, { from, to }) =>
  zoom.length === 2 && zoom[0] < to && zoom[1] > from ? [Math.max(zoom[0], from), Math.min(zoom[1], to)] : null;
