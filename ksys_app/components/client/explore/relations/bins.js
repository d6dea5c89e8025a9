// The ECharts option of a distribution: a bar for each bin, and a line for each limit of the rule.
import { axisName, axisOf, baseOption, labelWidth, padded } from "./scatter.js";
import { percent, share } from "./requests.js";

const TONES = { LL: "crit", L: "warn", H: "warn", HH: "crit", MIN: "line", MAX: "line" };
const DASHES = { LL: "solid", HH: "solid", L: "dashed", H: "dashed", MIN: "dotted", MAX: "dotted" };
// The axis shows a limit if it is at most this part of the range of the values away from them. A limit farther away would leave too little room for the bars.
const MAX_DISTANCE = 0.5;

// The range of the axis: the values, and the limits near them.
export function valueRange({ edges, limits }) {
  const [low, high] = [edges[0], edges.at(-1)];
  const reach = (high - low) * MAX_DISTANCE;
  const near = limits.map(({ value }) => value).filter((value) => value >= low - reach && value <= high + reach);
  return padded(Math.min(low, ...near), Math.max(high, ...near));
}

// `tip` returns the tooltip of a bar; `yName` is the name of the vertical axis.
export function binsOption(body, look, tip, yName) {
  const { edges, seconds, covered_s: covered } = body;
  const xRange = valueRange(body);
  const shares = seconds.map((inBin) => share(inBin, covered));
  const yRange = [0, shares.reduce((a, b) => Math.max(a, b), 0) * 1.08];
  const left = labelWidth(yRange);
  const base = baseOption(look);
  return {
    ...base,
    tooltip: { ...base.tooltip, trigger: "item", formatter: tip },
    grid: { left: left + 22, right: 14, top: 26, bottom: 46 },
    xAxis: axisOf(xRange, axisName(body.tag), look, { nameGap: 28, splitLine: { show: false } }),
    yAxis: axisOf(yRange, yName, look, { nameGap: left }),
    series: [barSeries(edges, shares, look), ...limitLines(body, xRange, look)],
  };
}

function barSeries(edges, shares, look) {
  return {
    type: "custom", data: shares.map((height, bin) => [edges[bin], edges[bin + 1], height]), encode: { x: [0, 1], y: 2 },
    renderItem: (_, api) => {
      const [left, top] = api.coord([api.value(0), api.value(2)]);
      const [right, bottom] = api.coord([api.value(1), 0]);
      const gap = right - left > 4 ? 1 : 0;
      const shape = { x: left, y: top, width: Math.max(1, right - left - gap), height: bottom - top };
      return { type: "rect", shape, style: { fill: look["ramp-low"] } };
    },
  };
}

function limitLines({ limits }, range, look) {
  const [low, high] = range;
  const visible = limits.filter(({ value }) => value >= low && value <= high);
  if (!visible.length) return [];
  const data = visible.map(({ name, value }) => ({
    xAxis: value, lineStyle: { color: look[TONES[name]], type: DASHES[name], width: 2 },
    label: { formatter: name, color: look.text, position: "end", distance: 4 },
  }));
  return [{ type: "line", data: [], silent: true, markLine: { symbol: "none", silent: true, animation: false, data } }];
}

// The share of a bin in percent, as text.
export const barText = (body, bin) => percent(share(body.seconds[bin], body.covered_s));
