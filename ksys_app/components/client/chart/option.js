// What ECharts is asked to draw: lines, bands behind them, limits, and the axes around.
import { mark, outermost } from "../lib/figures.js";
import { line, runs } from "./gaps.js";
import { limitLines, shownLimits } from "./limits.js";
import { alarmBands } from "./spans.js";
import { LOWER, UPPER, drawn, edges, lack, span } from "./panels.js";
import { stamp, tickText, ticks } from "../lib/zone.js";

const LABEL_PX = 76;
const SYMBOLS = 14;
// Buckets a pixel from which dashes cannot be seen.
const DENSE = 0.15;
// Marks of a value axis, by panel.
const MARKS = [5, 2];
const DIGIT_PX = 6.8;

// Grids from top to bottom, in percent of the height between the edges; as much room beside them as
// the longest figure takes.
function grids(view) {
  const { panels, compact } = view;
  const labels = range(panels).flatMap((at) => outermost(...span(view, at), MARKS[at]));
  // The times at both ends of the axis reach over it by half.
  const half = Math.ceil((longest(view) * DIGIT_PX) / 2) + 4;
  const left = Math.max(half, room(labels, compact ? 46 : 60));
  const right = Math.max(half, compact ? 12 : room(shownLimits(view).map(({ label }) => label), 58));
  const edge = { left, right, ...edges(view) };
  if (panels === 1) return [edge];
  return [{ ...edge, bottom: `${100 - UPPER}%` }, { ...edge, top: `${LOWER}%` }];
}

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

// What changes with the zoom alone, from one view to the next.
export function axes(view, before) {
  const indices = range(view.panels);
  return {
    grid: grids(view),
    xAxis: indices.map((at) => timeAxis(view, at === view.panels - 1)),
    yAxis: indices.map((at) => valueAxis(view, at)),
    // Merging a series makes ECharts read its points again, so only when its stroke changes.
    series: [...(dense(view) === dense(before) ? [] : strokes(view)), limitLines(view)],
  };
}

const strokes = (view) => drawn(view).map((one) => ({ id: one.key, lineStyle: stroke(view, one) }));

// What moves the zoom; on a picture only the zoom itself.
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

// Characters of the longest time on the axis.
function longest(view) {
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
  const [min, max] = span(view, panel);
  // Without a value there is no scale, and its marks would be invented.
  const show = lack(view, panel) === "";
  return {
    // Its lines stand over the band of the range.
    type: "value", z: 1, min, max, splitNumber: MARKS[panel], axisLine: { show: false }, axisTick: { show: false },
    splitLine: { show, lineStyle: { color: colours.hair }, showMinLine: false, showMaxLine: false },
    axisLabel: { show, color: colours.quiet, showMinLabel: false, showMaxLabel: false, formatter: (value) => mark(value, min, max) },
  };
}

const range = (count) => Array.from({ length: count }, (_, at) => at);
const room = (labels, least) => Math.max(least, ...labels.map((label) => Math.ceil(label.length * DIGIT_PX) + 16));

// Each series has a dash and a symbol of its own: colour only repeats what they say.
function lines(view) {
  const { data, colours } = view;
  return drawn(view).map((one) => {
    const { points, places } = line(data, one.key);
    const step = Math.max(1, Math.ceil(places.length / SYMBOLS));
    // Only the points that have a symbol carry one: a question to each of them would cost a frame.
    for (const [i, place] of places.entries()) {
      if (i % step === 0 || alone(points, place)) points[place] = { value: points[place], symbol: one.symbol };
    }
    const color = colours.series[one.color];
    return {
      id: one.key, name: one.name, type: "line", data: points, xAxisIndex: one.panel ?? 0, yAxisIndex: one.panel ?? 0,
      connectNulls: false, showSymbol: true, showAllSymbol: true, symbolSize: one.symbol === "emptyCircle" ? 5 : 6,
      symbol: "none",
      itemStyle: { color }, lineStyle: { color, ...stroke(view, one) }, emphasis: { disabled: true }, z: one.main ? 4 : 3,
    };
  });
}

function dense({ data, zoom, from, to, width }) {
  const [start, end] = zoom ?? [from, to];
  return (end - start) / data.width > width * DENSE;
}

// Dashes need room: where buckets stand closer, all but the main line become thin and faint.
function stroke(view, { dash, width: thickness, main }) {
  return dense(view) && !main ? { type: "solid", width: 1, opacity: 0.5 } : { type: dash, width: thickness, opacity: 1 };
}

const empty = (point) => point === undefined || (point.value ?? point)[1] === null;
const alone = (points, i) => !empty(points[i]) && empty(points[i - 1]) && empty(points[i + 1]);

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
        // One bucket alone has no width to fill.
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
