// The ECharts options of the pairs of two tags with their regression line, and of the correlation at each lag.
import { mark, outermost } from "../../lib/figures.js";
import { fractionOf, rampColour } from "./ramp.js";
import { shortName } from "./pieces.js";

const DIGIT_PX = 6.8;

// The name of an axis: title or name of its tag, and the unit.
export const axisName = ({ title, tag_name: name, unit }) => `${title || name}${unit ? ` (${unit})` : ""}`;

const shortAxisName = (tag) => axisName({ ...tag, tag_name: shortName(tag.tag_name) });

// A range with a margin on both sides, so that no point lies on the edge.
export function padded(low, high) {
  if (low === high) return [low - Math.max(0.5, Math.abs(low) * 1e-3), high + Math.max(0.5, Math.abs(high) * 1e-3)];
  const margin = (high - low) * 0.04;
  return [low - margin, high + margin];
}

// The ranges of the two axes of the pairs.
function axisRanges({ points, cells }) {
  const axes = points ? [points.x, points.y] : [cells.x, cells.y];
  return axes.map((values) => padded(values.reduce((a, b) => Math.min(a, b)), values.reduce((a, b) => Math.max(a, b))));
}

export const axisOf = (range, name, look, more = {}) => ({
  type: "value", min: range[0], max: range[1], name, nameLocation: "middle", nameTextStyle: { color: look.quiet, fontSize: 12 }, nameTruncate: { maxWidth: 260 },
  axisLine: { show: true, onZero: false, lineStyle: { color: look.hair } }, axisTick: { show: false },
  splitLine: { lineStyle: { color: look.hair } },
  axisLabel: { color: look.quiet, showMinLabel: false, showMaxLabel: false, hideOverlap: true, formatter: (value) => mark(value, range[0], range[1]) },
  ...more,
});

// The width of the labels of a value axis on the left, in px, with a gap.
export const labelWidth = (range) => Math.max(...outermost(range[0], range[1], 5).map((text) => text.length * DIGIT_PX)) + 14;

// The part of the option that all charts of relations share.
export const baseOption = (look) => ({
  animation: false, backgroundColor: "transparent", textStyle: { fontFamily: look.font, fontSize: 12, color: look.text },
  tooltip: { trigger: "item", confine: true, transitionDuration: 0, padding: 0, borderWidth: 0, backgroundColor: "transparent",
    extraCssText: "box-shadow:none" },
});

// The option of the pairs; `body` is the answer of /relations/xy, `tip` returns the tooltip of a point or cell.
export function pairsOption(body, look, tip) {
  const [xRange, yRange] = axisRanges(body);
  const left = labelWidth(yRange);
  const base = baseOption(look);
  return {
    ...base,
    tooltip: { ...base.tooltip, formatter: tip },
    grid: { left: left + 22, right: 14, top: 12, bottom: 46 },
    xAxis: axisOf(xRange, shortAxisName(body.x), look, { nameGap: 28 }),
    yAxis: axisOf(yRange, shortAxisName(body.y), look, { nameGap: left }),
    series: [body.points ? pointSeries(body.points, look) : cellSeries(body.cells, look), ...lineSeries(body, xRange, look)],
  };
}

function pointSeries({ t: times, x: xValues, y: yValues }, look) {
  const [first, last] = [times[0], times.at(-1)];
  const many = times.length > 600;
  return {
    type: "scatter", symbolSize: many ? 4 : 7, data: times.map((ms, n) => [xValues[n], yValues[n], ms]),
    itemStyle: { opacity: many ? 0.7 : 0.85, color: ({ value }) => rampColour(look["ramp-low"], look["ramp-high"], fractionOf(value[2], first, last)) },
    emphasis: { scale: 1.6, itemStyle: { borderColor: look.text, borderWidth: 1, opacity: 1 } },
  };
}

// The largest count, at least 1.
export const maxCount = (counts) => counts.reduce((a, b) => Math.max(a, b), 1);

// The colour of a cell. The scale is the square root of the count, so that also cells with few pairs differ.
const cellColour = (n, max, look) => rampColour(look["ramp-low"], look["ramp-high"], fractionOf(Math.sqrt(n), 1, Math.sqrt(max)));

function cellSeries({ x: xEdges, y: yEdges, column, row, n: counts }, look) {
  const max = maxCount(counts);
  return {
    type: "custom", data: counts.map((n, cell) => [xEdges[column[cell]], yEdges[row[cell]], n, xEdges[column[cell] + 1], yEdges[row[cell] + 1]]),
    encode: { x: [0, 3], y: [1, 4] },
    renderItem: (_, api) => {
      // The edges of the cells are whole pixels, so that no line shows between two cells.
      const [left, bottom] = api.coord([api.value(0), api.value(1)]).map(Math.round);
      const [right, top] = api.coord([api.value(3), api.value(4)]).map(Math.round);
      const shape = { x: left, y: top, width: Math.max(1, right - left), height: Math.max(1, bottom - top) };
      return { type: "rect", shape, style: { fill: cellColour(api.value(2), max, look) } };
    },
  };
}

// The regression line over the range of the x axis.
function lineSeries({ slope, intercept }, range, look) {
  if (slope === null) return [];
  return [{
    type: "line", showSymbol: false, silent: true, z: 5, data: range.map((x) => [x, intercept + slope * x]),
    lineStyle: { color: look.text, width: 2 },
  }];
}

// The option of the correlation at each lag. A dot marks the selected lag, a ring the best one.
export function lagOption(body, lag, look, tip) {
  const { lag: lags, r } = body.lags;
  const points = lags.map((value, n) => [value, r[n]]);
  // Samples that arrive every 15 s have pairs only at every 15th lag. Then no line connects the points, so each point needs a symbol.
  const isolated = r.filter((value) => value !== null).length < Math.max(30, r.length / 2);
  const base = baseOption(look);
  const range = lags.length > 1 ? [lags[0], lags.at(-1)] : [-1, 1];
  const selected = points.filter(([x, y]) => x === lag && y !== null);
  const best = body.best ? [[body.best.lag, body.best.r]] : [];
  const dot = { type: "scatter", silent: true, z: 6 };
  return {
    ...base,
    tooltip: { ...base.tooltip, trigger: "axis", formatter: tip, axisPointer: { lineStyle: { color: look.line, type: "solid" } } },
    grid: { left: 40, right: 12, top: 10, bottom: 26 },
    xAxis: axisOf(range, "", look, { minInterval: 1, splitLine: { show: false }, axisLabel: { color: look.quiet, hideOverlap: true,
      formatter: (value) => (value > 0 ? `+${value}` : String(value)) } }),
    yAxis: axisOf([-1, 1], "", look, { interval: 0.5, axisLabel: { color: look.quiet, formatter: (value) => value.toFixed(1) } }),
    series: [
      { type: "line", showSymbol: isolated, showAllSymbol: true, symbolSize: 5, symbol: "circle", data: points, connectNulls: false,
        lineStyle: { color: look.accent, width: 2 }, itemStyle: { color: look.accent },
        markLine: { silent: true, symbol: "none", label: { show: false }, lineStyle: { color: look.line, type: "dashed", width: 1 },
          data: [{ xAxis: 0 }, { yAxis: 0 }] } },
      { ...dot, data: best, symbolSize: 13, itemStyle: { color: "transparent", borderColor: look.text, borderWidth: 2 } },
      { ...dot, data: selected, symbolSize: 9, itemStyle: { color: look.text } },
    ],
  };
}
