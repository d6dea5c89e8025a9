// The panels of a chart: sizes, shown series, and the ranges of their value axes.
import { extent } from "./gaps.js";

const TOP = 12;

// The room above and below the panels, px.
/** @param {Record<string, any>} view */
export const edges = ({ compact, still }) => ({ top: TOP, bottom: still ? 32 : compact ? 46 : 62 });

// The end of the upper and the start of the lower of two panels, in percent of the chart's height.
export const UPPER = 60;
export const LOWER = 66;

// The height of each panel, px.
export function heights({ panels, height, ...view }) {
  const { top, bottom } = edges(view);
  const sizes = panels === 1 ? [height - top - bottom] : [(height * UPPER) / 100 - top, (height * (100 - LOWER)) / 100 - bottom];
  return sizes.map((size) => Math.max(1, size));
}

// The series that are switched on.
export const shownSeries = ({ series, shown }) => series.filter(({ key }) => shown.includes(key));

// The value axis of a panel, [bottom, top]; [0, 1] without a value.
export const valueRange = (view, panel) => visibleExtent(view, panel) ?? [0, 1];

function visibleExtent(view, panel) {
  const { zoom, from, to, data } = view;
  const keys = inPanel(view, panel).map(({ key }) => key);
  return extent(data, keys, ...(zoom ?? [from, to]));
}

const inPanel = (view, panel) => shownSeries(view).filter((line) => (line.panel ?? 0) === panel);

// Why a panel shows no line: "hidden" if all its series are switched off, "none" if there is no value in the visible range;
// else empty.
export function emptyReason(view, panel) {
  if (inPanel(view, panel).length === 0) return "hidden";
  return visibleExtent(view, panel) === null ? "none" : "";
}
