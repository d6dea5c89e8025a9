// The option of ECharts for a view: lines, bands, limits and axes.
import { mark, outermost } from "../lib/figures.js";
import { line, runs } from "./gaps.js";
import { limitLines, shownLimits } from "./limits.js";
import { alarmBands } from "./alarmspans.js";
import { LOWER, UPPER, shownSeries, edges, emptyReason, valueRange } from "./panels.js";
import { stamp, tickText, ticks } from "../lib/zone.js";

const LABEL_PX = 76;
const SYMBOLS = 14;
// From so many buckets per pixel on, dashes are not visible.
const DENSE = 0.15;
// The number of marks on the value axis, by panel.
const MARKS = [5, 2];
const DIGIT_PX = 6.8;

// The grids of the panels from top to bottom; the room at their sides fits the longest labels.
function grids(view) {
  const { panels, compact } = view;
  const labels = range(panels).flatMap((at) => outermost(...valueRange(view, at), MARKS[at]));
  // Half of the first and of the last time label lies outside of the axis.
  const half = Math.ceil((maxTimeLength(view) * DIGIT_PX) / 2) + 4;
  const left = Math.max(half, labelRoom(labels, compact ? 46 : 60));
  const right = Math.max(half, compact ? 12 : labelRoom(shownLimits(view).map(({ label }) => label), 58));
  const edge = { left, right, ...edges(view) };
  if (panels === 1) return [edge];
  return [{ ...edge, bottom: `${100 - UPPER}%` }, { ...edge, top: `${LOWER}%` }];
}

// The option of the whole chart.
export function option(view) {
  const { panels, colours, compact, still } = view;
  const indices = range(panels);
  return {
    animation: false,
    backgroundColor: "transparent",
    textStyle: { fontFamily: colours.font, fontSize: 12, color: colours.text },
    grid: grids(view),
    axisPointer: { link: [{ xAxisIndex: "all" }], lineStyle: { color: colours.line, type: "solid", width: 1 } },
    tooltip: { trigger: "axis", show: !compact && !still, confine: true, transitionDuration: 0, padding: 0, borderWidth: 0,
      backgroundColor: "transparent", extraCssText: "box-shadow:none", formatter: view.readout },
    dataZoom: zooms(view, indices),
    xAxis: indices.map((at) => ({ ...timeAxis(view, at === panels - 1), gridIndex: at })),
    yAxis: indices.map((at) => ({ ...valueAxis(view, at), gridIndex: at })),
    series: [...bands(view), ...(view.alarms?.length ? [alarmBands(view)] : []), ...lines(view), limitLines(view)],
  };
}

// The part of the option that changes if only the zoom changes. `before`: the view that is drawn now.
export function axes(view, before) {
  const indices = range(view.panels);
  return {
    grid: grids(view),
    xAxis: indices.map((at) => timeAxis(view, at === view.panels - 1)),
    yAxis: indices.map((at) => valueAxis(view, at)),
    // ECharts reads all points of a merged series again, so series are merged only if their strokes change.
    series: [...(isDense(view) === isDense(before) ? [] : strokes(view)), limitLines(view)],
  };
}

const strokes = (view) => shownSeries(view).map((series) => ({ id: series.key, lineStyle: strokeOf(view, series) }));

// The controls of the zoom; a picture has the zoom without its slider.
function zooms({ colours, compact, still, zone, zoom, from, to }, indices) {
  const range = zoom ? { startValue: zoom[0], endValue: zoom[1] } : { startValue: from, endValue: to };
  const shared = { xAxisIndex: indices, filterMode: "none", ...range };
  const inside = { ...shared, type: "inside", zoomOnMouseWheel: "ctrl", moveOnMouseWheel: false, moveOnMouseMove: "shift",
    minSpan: 0.2 };
  if (still) return [inside];
  return [
    inside,
    {
      ...shared, type: "slider", bottom: compact ? 8 : 12, height: compact ? 14 : 18, showDetail: !compact, brushSelect: false,
      borderColor: colours.hair, fillerColor: colours.band, backgroundColor: "transparent",
      dataBackground: { lineStyle: { color: colours.line, opacity: 0.6 }, areaStyle: { opacity: 0 } },
      selectedDataBackground: { lineStyle: { color: colours.line }, areaStyle: { opacity: 0 } },
      handleStyle: { color: colours.panel, borderColor: colours.line }, moveHandleSize: 0,
      textStyle: { color: colours.quiet, fontSize: 12 }, labelFormatter: (ms) => stamp(ms, zone).slice(5, 16),
    },
  ];
}

const timeMarks = ({ zone, zoom, from, to, width }) => ticks(...(zoom ?? [from, to]), zone, Math.floor(width / LABEL_PX));

// The number of characters of the longest time label.
function maxTimeLength(view) {
  const [start, end] = view.zoom ?? [view.from, view.to];
  return Math.max(...timeMarks(view).map((ms) => tickText(ms, view.zone, end - start).length), 0);
}

function timeAxis(view, labelled) {
  const { colours, zone, zoom, from, to } = view;
  const [start, end] = zoom ?? [from, to];
  const marks = timeMarks(view);
  const line = { lineStyle: { color: colours.hair } };
  return {
    type: "value", min: from, max: to, axisLine: { onZero: false, ...line }, splitLine: { show: false },
    axisTick: { show: labelled, customValues: marks, ...line },
    axisLabel: { show: labelled, customValues: marks, color: colours.quiet, hideOverlap: true,
      formatter: (ms) => tickText(ms, zone, end - start) },
    axisPointer: { label: { show: false } },
  };
}

function valueAxis(view, panel) {
  const { colours } = view;
  const [min, max] = valueRange(view, panel);
  // Without a value the axis has no scale, so its marks are hidden.
  const show = emptyReason(view, panel) === "";
  return {
    // `z: 1` draws its lines over the band of the hard range.
    type: "value", z: 1, min, max, splitNumber: MARKS[panel], axisLine: { show: false }, axisTick: { show: false },
    splitLine: { show, lineStyle: { color: colours.hair }, showMinLine: false, showMaxLine: false },
    axisLabel: { show, color: colours.quiet, showMinLabel: false, showMaxLabel: false, formatter: (value) => mark(value, min, max) },
  };
}

const range = (count) => Array.from({ length: count }, (_, at) => at);
const labelRoom = (labels, least) => Math.max(least, ...labels.map((label) => Math.ceil(label.length * DIGIT_PX) + 16));

// The series of ECharts for the shown series. Each has its own dash and symbol, so that nobody needs the colour.
function lines(view) {
  const { data, colours } = view;
  return shownSeries(view).map((series) => {
    const { points, places } = line(data, series.key);
    const step = Math.max(1, Math.ceil(places.length / SYMBOLS));
    // Only some points get a symbol, as an object. A symbol function, called for every point, would cost a frame.
    for (const [i, place] of places.entries()) {
      if (i % step === 0 || isSingle(points, place)) points[place] = { value: points[place], symbol: series.symbol };
    }
    const color = colours.series[series.color];
    return {
      id: series.key, name: series.name, type: "line", data: points, xAxisIndex: series.panel ?? 0, yAxisIndex: series.panel ?? 0,
      connectNulls: false, showSymbol: true, showAllSymbol: true, symbolSize: series.symbol === "emptyCircle" ? 5 : 6,
      symbol: "none",
      itemStyle: { color }, lineStyle: { color, ...strokeOf(view, series) }, emphasis: { disabled: true }, z: series.main ? 4 : 3,
    };
  });
}

function isDense({ data, zoom, from, to, width }) {
  const [start, end] = zoom ?? [from, to];
  return (end - start) / data.width > width * DENSE;
}

// The line style of a series. Where buckets are too dense for dashes, all lines but the main ones are thin and faint.
function strokeOf(view, { dash, width: thickness, main }) {
  return isDense(view) && !main ? { type: "solid", width: 1, opacity: 0.5 } : { type: dash, width: thickness, opacity: 1 };
}

const isEmpty = (point) => point === undefined || (point.value ?? point)[1] === null;
const isSingle = (points, i) => !isEmpty(points[i]) && isEmpty(points[i - 1]) && isEmpty(points[i + 1]);

function bands(view) {
  const shown = view.bands.filter(({ low, high }) => view.shown.includes(low) && view.shown.includes(high));
  return shown.map(({ low, high, color }) => {
    const { at, columns, width } = view.data;
    const parts = runs(view.data, low, high);
    return {
      id: `${low}-${high}`, type: "custom", silent: true, clip: true, z: 2, tooltip: { show: false },
      encode: { x: [0, 1] }, dimensions: ["from", "to"],
      data: parts.map(([first, last]) => [at[first], at[last]]),
      renderItem: ({ dataIndex }, api) => {
        const [first, last] = parts[dataIndex];
        const upper = [];
        const lower = [];
        for (let i = first; i <= last; i += 1) {
          upper.push(api.coord([at[i], columns[high][i]]));
          lower.push(api.coord([at[i], columns[low][i]]));
        }
        // A single bucket gets half of its width; else the band would be invisible.
        const spread = first === last ? api.size([width / 4, 0])[0] : 0;
        const [x, y] = upper[0];
        const points = spread > 0
          ? [[x - spread, y], [x + spread, y], [x + spread, lower[0][1]], [x - spread, lower[0][1]]]
          : [...upper, ...lower.reverse()];
        return { type: "polygon", shape: { points }, style: { fill: view.colours.series[color], opacity: 0.16 } };
      },
    };
  });
}
