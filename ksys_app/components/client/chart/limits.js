// The warning and critical limits and the hard range, drawn behind the series, each with its name.
import { brief } from "../lib/figures.js";
import { fill } from "../lib/words.js";
import { heights, emptyReason, valueRange } from "./panels.js";

const LIMITS = "limits";
// The distance between two labels, one below the other.
const LABEL_PX = 15;

// The series of ECharts that draws the limits as lines, and the hard range as a band. Limits outside of the axis are named
// at the nearer end.
export function limitLines(view) {
  const { limits, colours } = view;
  const marks = [
    ...namedLimits(view).map(({ value, color, type }) => ({ yAxis: value, lineStyle: { color, type, width: 1.2 }, label: { show: false } })),
    ...limitLabels(view).map(({ value, text }) => labelOnly(value, { position: "end", color: colours.text, formatter: text, lineHeight: LABEL_PX })),
    ...farLimits(view).map((end) => farLabel(view, end)),
  ];
  // `precision: -1` keeps ECharts from rounding the values.
  const { min_val: low, max_val: high } = limits;
  const range = low === undefined || high === undefined || emptyReason(view, 0) ? [] : [[{ yAxis: low }, { yAxis: high }]];
  return {
    id: LIMITS, type: "line", data: [], silent: true, z: 0, tooltip: { show: false },
    markLine: { symbol: "none", silent: true, animation: false, z: 2, precision: -1, data: marks },
    markArea: { silent: true, z: 0, animation: false, itemStyle: { color: colours.band }, data: range },
  };
}

// A label at a value, without a line. The label needs its own opacity: else it has that of its invisible line.
const labelOnly = (value, label) => ({ yAxis: value, lineStyle: { opacity: 0 }, label: { show: true, opacity: 1, fontSize: 12, ...label } });

function farLabel(view, { value, position, parts }) {
  const { colours } = view;
  const [bottom, top] = valueRange(view, 0);
  const rich = { 0: { color: colours.quiet }, 1: { color: colours["warn-text"], fontWeight: 600 }, 2: { color: colours.crit, fontWeight: 600 } };
  // ECharts counts a line exactly at the end as outside, so the label is moved inside by a little.
  return labelOnly(value + (value > bottom ? bottom - top : top - bottom) * 1e-4, {
    position, formatter: parts.map(({ text, level }) => `{${level}|${text}}`).join("  "), rich, textBorderColor: colours.panel,
    textBorderWidth: 3,
  });
}

// The limits to draw; none on a panel without a value axis.
const namedLimits = (view) => (emptyReason(view, 0) ? [] : everyLimit(view));

// All limits of the tag. `side`: 1 if values above break the limit, -1 if values below do.
const everyLimit = ({ limits, colours, t }) => [
  ["min_val", t.limit_from, colours.line, "solid", -1, 2], ["max_val", t.limit_to, colours.line, "solid", 1, 2],
  ["warn_min", t.limit_l, colours.warn, [6, 4], -1, 1], ["warn_max", t.limit_h, colours.warn, [6, 4], 1, 1],
  ["crit_min", t.limit_ll, colours.crit, [2, 3], -1, 2], ["crit_max", t.limit_hh, colours.crit, [2, 3], 1, 2],
]
  .filter(([key]) => limits[key] !== undefined)
  .map(([key, name, color, type, side, level]) => ({ value: limits[key], label: `${name} ${brief(limits[key])}`, color, type, side, level,
    range: key === "min_val" || key === "max_val" }));

// The labels of the visible limits, each with the value at which it is drawn. Labels that would overlap become one label of
// several lines around their middle, with the highest limit first, inside of the chart.
export function limitLabels(view) {
  if (view.compact) return [];
  const [low, high] = valueRange(view, 0);
  const pixel = (high - low) / heights(view)[0];
  const groups = [];
  const sorted = shownLimits(view).sort((a, b) => b.value - a.value);
  for (const { value, label } of sorted) {
    let group = { sum: value, names: [label] };
    const close = (above) => middle(above) - middle(group) < ((above.names.length + group.names.length) / 2) * LABEL_PX * pixel;
    while (groups.length > 0 && close(groups.at(-1))) {
      const above = groups.pop();
      group = { sum: above.sum + group.sum, names: [...above.names, ...group.names] };
    }
    groups.push(group);
  }
  return groups.map((group) => {
    // Half of the first line may be outside of the chart, as for a single label.
    const overhang = ((group.names.length - 1) / 2) * LABEL_PX * pixel;
    const value = group.names.length === 1 ? group.sum : Math.max(Math.min(middle(group), high - overhang), low + overhang);
    return { value: Math.min(Math.max(value, low), high), text: group.names.join("\n") };
  });
}

const middle = ({ sum, names }) => sum / names.length;

// The labels at both ends of the axis for the limits outside of it, the nearest first: `H 180 ↑  HH 195 ↑`. If all visible
// values break such a limit, the label says so, with the level of the alarm: `above HH 75  above H 70`.
export function farLimits(view) {
  const { t } = view;
  const [low, high] = valueRange(view, 0);
  const limits = namedLimits(view);
  const ends = [
    { value: high, position: "insideEndBottom", arrow: "↑", brokenSide: -1, brokenText: t.limit_under, outside: limits.filter(({ value }) => value > high) },
    { value: low, position: "insideEndTop", arrow: "↓", brokenSide: 1, brokenText: t.limit_over, outside: limits.filter(({ value }) => value < low) },
  ];
  return ends
    .map(({ value, position, arrow, brokenSide, brokenText, outside }) => ({
      value,
      position,
      parts: outside
        .sort((a, b) => Math.abs(a.value - value) - Math.abs(b.value - value))
        .filter(({ range, side }) => !range || side === brokenSide)
        .map(({ label, side, level }) => (side === brokenSide ? { text: fill(brokenText, { limit: label }), level } : { text: `${label} ${arrow}`, level: 0 })),
    }))
    .filter(({ parts }) => parts.length > 0);
}

// The limits inside of the upper panel; the chart needs room for their labels.
export function shownLimits(view) {
  const [low, high] = valueRange(view, 0);
  return namedLimits(view).filter(({ value }) => value >= low && value <= high);
}
