// The zoomed part of a window, [start, end]; null if the window is not zoomed, and if the zoom lies outside of it.
export const zoomWithin = (zoom, { from, to }) =>
  zoom.length === 2 && zoom[0] < to && zoom[1] > from ? [Math.max(zoom[0], from), Math.min(zoom[1], to)] : null;
