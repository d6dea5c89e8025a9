// The geometry of a view: the points of each line, the panels with their axes, and their positions.
import { labelsPx, MARKS, MAX_AXES, panelsOf, stackAxes, union, widened } from "./axes.js";
import { extremes, mergeLine } from "./merge.js";

// The height of the axis names above each panel, and of the times below the lowest panel.
const NAMES_PX = 24;
const TIMES_PX = 30;
// Half of the first and of the last time stands beside the time axis.
const EDGE_PX = 24;
// A chart narrower than this has room for one axis on each side.
const NARROW_PX = 560;
const NARROW_AXES = 2;
// The height of the panel of the differences, as a factor of that of another panel.
const DIFFERENCE_WEIGHT = 0.5;
// The width of a point while a chart of many lines moves.
const COARSE_PX = 2;

/** Whether a chart is as narrow as on a telephone. */
export const narrow = (width) => width < NARROW_PX;

/** The height of a chart, px: the sum of its panels, but not less than `minHeight`. */
export function heightOf(panels, minHeight) {
  const height = panels.reduce((sum, { kind }) => sum + (kind === "difference" || panels.length > 2 ? 150 : 220), 0);
  return Math.max(minHeight, height);
}

/**
 * The scene of a view `{ entries, layout, difference, from, to, zoom, width, height, top, coarse }`: times in epoch ms, lengths in px.
 * `coarse`: with half of the points. The entries are those of `entriesOf`.
 */
export function sceneOf(view) {
  const { width, height, top = 0, coarse = false } = view;
  const [from, to] = view.zoom ?? [view.from, view.to];
  const maxAxes = narrow(width) ? NARROW_AXES : MAX_AXES;
  const parts = visibleParts(view);
  // The width of the plot depends on the labels, and these depend on the points. So the points are merged for a width without axes.
  const pixels = Math.max(1, Math.round((width - 2 * EDGE_PX) / (coarse ? COARSE_PX : 1)));
  for (const part of parts) Object.assign(part, pointsOf(part, from, to, pixels));
  const panels = panelsOf(parts, view, maxAxes).map(withRanges);
  const stacks = panels.map(({ axes }) => stackAxes(axes));
  const left = Math.max(EDGE_PX, ...stacks.map((stack) => stack.left));
  const right = Math.max(EDGE_PX, ...stacks.map((stack) => stack.right));
  const grid = { left, right, width: Math.max(1, width - left - right) };
  const rows = rowsOfPanels(panels, height - top);
  const placedPanels = panels.map((panel, at) => {
    const placed = { ...panel, axes: stacks[at].axes, top: top + rows[at].top, height: rows[at].height };
    return { ...placed, lines: linesOf(placed, { ...grid, from, to }) };
  });
  return { from, to, grid, panels: placedPanels, width, height };
}

/** The panels of a view, for `heightOf`: without points, ranges and positions. */
export const panelsOfView = (view) => panelsOf(visibleParts(view), view);

/** A part for each shown entry, and one for each difference if they are shown. */
function visibleParts({ entries, difference }) {
  const shown = entries.filter((entry) => !entry.hidden);
  const compared = difference ? shown.filter((entry) => entry.differenceLine) : [];
  return [
    ...shown.map((entry) => ({ entry, unit: entry.unit, difference: false })),
    ...compared.map((entry) => ({ entry, unit: entry.unit, difference: true })),
  ];
}

// The points of a part, those of its compared line, the range of their values, and for a difference the range of its tag (`tagSpan`).
function pointsOf({ entry, difference }, from, to, pixels) {
  const points = mergeLine(difference ? entry.differenceLine : entry.line, from, to, pixels);
  const compared = !difference && entry.comparedLine ? mergeLine(entry.comparedLine, from, to, pixels) : null;
  const means = compared && { ...compared, low: compared.mean, high: compared.mean };
  const tagSpan = difference ? extremes(mergeLine(entry.line, from, to, pixels)) : null;
  return { points, compared, span: union([extremes(points), means && extremes(means)]), tagSpan };
}

// The panel with the range of each axis. In a panel in percent each line has a range (`scales`), and the axis shows the percent of it.
function withRanges(panel) {
  if (!panel.percent) {
    const axes = panel.axes.map((axis) => {
      const [min, max] = widened(union(axis.members.map(({ span }) => span)));
      return { ...axis, min, max, empty: axis.members.every(({ span }) => !span), px: labelsPx(min, max), marks: MARKS };
    });
    return { ...panel, axes };
  }
  const [axis] = panel.axes;
  const ofDifferences = axis.members.some(({ difference }) => difference);
  const scales = axis.members.map(({ entry, span, tagSpan }) =>
    (ofDifferences ? fromZero(entry.range ?? rangeWithLength(tagSpan)) : entry.range ?? rangeWithLength(span)));
  const percents = axis.members.map(({ span }, at) => span && span.map((value) => percentOf(value, scales[at])));
  const [min, max] = widened(union([...percents, ofDifferences ? [0, 0] : [0, 100]]));
  return { ...panel, scales, axes: [{ ...axis, min, max, empty: percents.every((range) => !range), px: labelsPx(min, max), marks: MARKS }] };
}

const percentOf = (value, [low, high]) => ((value - low) / (high - low)) * 100;

// A difference is in percent of the length of its tag's range; no difference is 0 %.
const fromZero = ([low, high]) => [0, high - low];

// The range itself if its ends differ, otherwise a range around its value; 0 to 1 without a range.
function rangeWithLength(span) {
  if (!span) return [0, 1];
  const [low, high] = span;
  return high > low ? span : widened(span);
}

// The `top` and `height` of each panel, px. The panels share the height by weight.
function rowsOfPanels(panels, height) {
  const available = Math.max(1, height - TIMES_PX - NAMES_PX * panels.length);
  const weights = panels.map(({ kind }) => (kind === "difference" && panels.length > 1 ? DIFFERENCE_WEIGHT : 1));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  let top = 0;
  return weights.map((weight) => {
    const row = { top: top + NAMES_PX, height: Math.max(1, (available * weight) / total) };
    top = row.top + row.height;
    return row;
  });
}

// The parts of a panel, each with the projection of its values onto the drawing.
function linesOf({ axes, percent, scales, top, height }, { left, width, from, to }) {
  const pxPerMs = width / (to - from);
  const bottom = top + height;
  return axes.flatMap(({ members, min, max }) => members.map((part, at) => {
    const [low, high] = percent ? scales[at] : [0, 100];
    const [lowest, highest] = [min, max].map((value) => (percent ? low + ((high - low) * value) / 100 : value));
    const projection = { left, from, pxPerMs, bottom, low: lowest, pxPerUnit: height / (highest - lowest) };
    return { ...part, projection };
  }));
}
