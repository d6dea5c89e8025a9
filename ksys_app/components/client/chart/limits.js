// Warning and critical limits and the ends of the hard range: lines behind the series, each with its name.
import { brief } from "../lib/figures.js";
import { fill } from "../lib/words.js";
import { heights, lack, span } from "./panels.js";

const LIMITS = "limits";
// Between the names of two lines, one under the other.
const LABEL_PX = 15;

// The range is a band behind everything. A limit beyond the axis is named at that end of it.
export function limitLines(view) {
  const { limits, colours } = view;
  const named = namedLimits(view);
  const marks = [
    ...named.map(({ value, color, type }) => ({ yAxis: value, lineStyle: { color, type, width: 1.2 }, label: { show: false } })),
    ...limitLabels(view).map(({ value, text }) => unseen(value, { position: "end", color: colours.text, formatter: text, lineHeight: LABEL_PX })),
    ...farLimits(view).map((end) => farLabel(view, end)),
  ];
  // The values of marks are not rounded: `precision`.
  const { min_val: low, max_val: high } = limits;
  const range = low === undefined || high === undefined || lack(view, 0) ? [] : [[{ yAxis: low }, { yAxis: high }]];
  return {
    id: LIMITS, type: "line", data: [], silent: true, z: 0, tooltip: { show: false },
    markLine: { symbol: "none", silent: true, animation: false, z: 2, precision: -1, data: marks },
    markArea: { silent: true, z: 0, animation: false, itemStyle: { color: colours.band }, data: range },
  };
}

// A label at a height without a line; a label without an opacity has that of its line.
const unseen = (value, label) => ({ yAxis: value, lineStyle: { opacity: 0 }, label: { show: true, opacity: 1, fontSize: 12, ...label } });

function farLabel(view, { value, position, parts }) {
  const { colours } = view;
  const [bottom, top] = span(view, 0);
  const rich = { 0: { color: colours.quiet }, 1: { color: colours["warn-text"], fontWeight: 600 }, 2: { color: colours.crit, fontWeight: 600 } };
  // A line on the very end counts as beyond it.
  return unseen(value + (value > bottom ? bottom - top : top - bottom) * 1e-4, {
    position, formatter: parts.map(({ text, level }) => `{${level}|${text}}`).join("  "), rich, textBorderColor: colours.panel,
    textBorderWidth: 3,
  });
}

// None where there is no scale to stand on.
const namedLimits = (view) => (lack(view, 0) ? [] : everyLimit(view));

// `side` is where a value breaks the limit: 1 above it, -1 below.
const everyLimit = ({ limits, colours, t }) => [
  ["min_val", t.limit_from, colours.line, "solid", -1, 2], ["max_val", t.limit_to, colours.line, "solid", 1, 2],
  ["warn_min", t.limit_l, colours.warn, [6, 4], -1, 1], ["warn_max", t.limit_h, colours.warn, [6, 4], 1, 1],
  ["crit_min", t.limit_ll, colours.crit, [2, 3], -1, 2], ["crit_max", t.limit_hh, colours.crit, [2, 3], 1, 2],
]
  .filter(([key]) => limits[key] !== undefined)
  .map(([key, name, color, type, side, level]) => ({ value: limits[key], label: `${name} ${brief(limits[key])}`, color, type, side, level,
    range: key === "min_val" || key === "max_val" }));

// The names of the lines that are seen, and at which value each stands: names that would overprint each other stand
// one under the other around their middle, the highest limit first, inside of the chart.
export function limitLabels(view) {
  if (view.compact) return [];
  const [low, high] = span(view, 0);
  const pixel = (high - low) / heights(view)[0];
  const groups = [];
  const found = shownLimits(view).sort((one, other) => other.value - one.value);
  for (const { value, label } of found) {
    let group = { sum: value, names: [label] };
    const close = (above) => middle(above) - middle(group) < ((above.names.length + group.names.length) / 2) * LABEL_PX * pixel;
    while (groups.length > 0 && close(groups.at(-1))) {
      const above = groups.pop();
      group = { sum: above.sum + group.sum, names: [...above.names, ...group.names] };
    }
    groups.push(group);
  }
  return groups.map((group) => {
    // Half of the first name reaches over the chart as it would alone.
    const reach = ((group.names.length - 1) / 2) * LABEL_PX * pixel;
    const value = group.names.length === 1 ? group.sum : Math.max(Math.min(middle(group), high - reach), low + reach);
    return { value: Math.min(Math.max(value, low), high), text: group.names.join("\n") };
  });
}

const middle = ({ sum, names }) => sum / names.length;

// The ends of the axis beyond which limits are, the nearest first: `H 180 ↑  HH 195 ↑`. Where everything that is seen is
// beyond a limit, that is what is said of it, with the level of its alarm: `above HH 75  above H 70`.
export function farLimits(view) {
  const { t } = view;
  const [low, high] = span(view, 0);
  const far = namedLimits(view);
  const ends = [
    { value: high, position: "insideEndBottom", arrow: "↑", broken: -1, said: t.limit_under, found: far.filter(({ value }) => value > high) },
    { value: low, position: "insideEndTop", arrow: "↓", broken: 1, said: t.limit_over, found: far.filter(({ value }) => value < low) },
  ];
  return ends
    .map(({ value, position, arrow, broken, said, found }) => ({
      value,
      position,
      parts: found
        .sort((one, other) => Math.abs(one.value - value) - Math.abs(other.value - value))
        .filter(({ range, side }) => !range || side === broken)
        .map(({ label, side, level }) => (side === broken ? { text: fill(said, { limit: label }), level } : { text: `${label} ${arrow}`, level: 0 })),
    }))
    .filter(({ parts }) => parts.length > 0);
}

// Those that stand inside of the upper panel, and so need room for their label.
export function shownLimits(view) {
  const [low, high] = span(view, 0);
  return namedLimits(view).filter(({ value }) => value >= low && value <= high);
}
