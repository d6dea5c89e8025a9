// The value axes of a chart: one for each unit, on alternating sides. With too many units, all lines are percent of their range.
import { mark, outermost } from "../../lib/figures.js";

export const MAX_AXES = 4;
export const MARKS = 5;
export const PERCENT = "%";
const DIGIT_PX = 6.8;
const MIN_LABELS_PX = 40;
const SIDES = ["left", "right"];

/** The series grouped by unit, in the order in which the units first appear. */
export function groupByUnit(series) {
  const groups = new Map();
  for (const member of series) {
    if (!groups.has(member.unit)) groups.set(member.unit, { unit: member.unit, members: [] });
    groups.get(member.unit).members.push(member);
  }
  return [...groups.values()];
}

/**
 * The axes of a panel: one for each unit; a single axis in percent if there are more units than `maxAxes`.
 * @returns {{ percent: boolean, axes: { unit: string, members: any[], side: string, rank: number }[] }}
 */
export function axesOf(series, maxAxes = MAX_AXES) {
  const groups = groupByUnit(series);
  if (groups.length <= maxAxes) {
    return { percent: false, axes: groups.map((group, at) => ({ ...group, side: SIDES[at % 2], rank: at >> 1 })) };
  }
  return { percent: true, axes: [{ unit: PERCENT, members: series, side: "left", rank: 0 }] };
}

/**
 * The panels of a chart from top to bottom: one panel for all series, or one for each unit; below them a panel of the differences if
 * they are shown.
 */
export function panelsOf(series, { layout, difference }, maxAxes = MAX_AXES) {
  const lines = series.filter((member) => !member.difference);
  const groups = layout === "panels" && lines.length > 0 ? groupByUnit(lines).map(({ members }) => members) : [lines];
  const panels = groups.map((members) => ({ kind: "own", ...axesOf(members, maxAxes) }));
  const differences = difference ? series.filter((member) => member.difference) : [];
  return differences.length > 0 ? [...panels, { kind: "difference", ...axesOf(differences, maxAxes) }] : panels;
}

/** A range of values, widened by a tenth at both ends; 0 to 1 without a range. */
export function widened(range) {
  if (!range) return [0, 1];
  const [low, high] = range;
  const scale = Math.max(Math.abs(low), Math.abs(high));
  // Values that are equal in 15 digits are a flat line.
  const margin = high - low > scale * 1e-14 ? (high - low) * 0.1 : scale * 0.1 || 1;
  return [low - margin, high + margin];
}

/** The smallest range that contains all given ranges; null if every range is null. */
export function union(ranges) {
  const found = ranges.filter(Boolean);
  if (found.length === 0) return null;
  return [Math.min(...found.map(([low]) => low)), Math.max(...found.map(([, high]) => high))];
}

/** The width of the labels of an axis, px. */
export const labelsPx = (low, high, marks = MARKS) =>
  Math.max(MIN_LABELS_PX, ...outermost(low, high, marks).map((text) => Math.ceil(text.length * DIGIT_PX) + 14));

/** The label of an axis at a value. */
export const labelAt = (value, low, high) => mark(value, low, high);

/**
 * Adds to each axis its `offset` from the plot, px. Returns the axes, and the width that they need on each side (`left`, `right`), px.
 * Each axis has `px`, the width of its labels.
 */
export function stackAxes(axes) {
  const widths = { left: 0, right: 0 };
  const stacked = axes.map((axis) => {
    const offset = widths[axis.side];
    widths[axis.side] += axis.px;
    return { ...axis, offset };
  });
  return { axes: stacked, ...widths };
}
