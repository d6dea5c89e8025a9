// What a panel of the chart shows: its series, and its values from bottom to top.
import { extent } from "./gaps.js";

const TOP = 12;

// Room over and under the panels, px.
/** @param {Record<string, any>} view */
export const edges = ({ compact, still }) => ({ top: TOP, bottom: still ? 32 : compact ? 46 : 62 });

// Where the upper of two panels ends, and where the lower one begins, in percent of the chart's height.
export const UPPER = 60;
export const LOWER = 66;

// The height of each panel, px.
export function heights({ panels, height, ...view }) {
  const { top, bottom } = edges(view);
  const sizes = panels === 1 ? [height - top - bottom] : [(height * UPPER) / 100 - top, (height * (100 - LOWER)) / 100 - bottom];
  return sizes.map((size) => Math.max(1, size));
}

export const drawn = ({ series, shown }) => series.filter(({ key }) => shown.includes(key));

// The values that a panel shows, from bottom to top; 0 to 1 where it shows none.
export const span = (view, panel) => seen(view, panel) ?? [0, 1];

function seen(view, panel) {
  const { zoom, from, to, data } = view;
  const keys = inPanel(view, panel).map(({ key }) => key);
  return extent(data, keys, ...(zoom ?? [from, to]));
}

const inPanel = (view, panel) => drawn(view).filter((one) => (one.panel ?? 0) === panel);

// Why a panel shows no line: every series of it is "hidden", or has a value "none" of the time; else empty.
export function lack(view, panel) {
  if (inPanel(view, panel).length === 0) return "hidden";
  return seen(view, panel) === null ? "none" : "";
}
