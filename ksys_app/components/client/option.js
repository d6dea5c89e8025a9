// What ECharts is asked to draw: lines, bands behind them, limits, and the axes around.
import { extent, line, runs } from "./holes.js";
import { stamp, tickText, ticks } from "./zone.js";

const LABEL_PX = 76;
const SYMBOLS = 14;
// Buckets a pixel from which dashes cannot be seen.
const DENSE = 0.15;
const LIMITS = "limits";

// Grids from top to bottom, in percent of the height between the edges.
function grids(panels, compact) {
  const left = compact ? 46 : 60;
  const edge = { left, right: compact ? 12 : 58, top: 12, bottom: compact ? 46 : 62 };
  if (panels === 1) return [edge];
  return [{ ...edge, bottom: "40%" }, { ...edge, top: "66%" }];
}

export function option(view) {
  const { panels, colours, compact, name, caption } = view;
  const indices = panels === 1 ? [0] : [0, 1];
  return {
    animation: false,
    backgroundColor: "transparent",
    textStyle: { fontFamily: colours.font, fontSize: 12, color: colours.text },
    title: { show: false, text: name, subtext: caption, left: 12, top: 6, textStyle: { color: colours.text, fontSize: 14 },
      subtextStyle: { color: colours.quiet } },
    legend: { show: false, top: 10, right: 12, textStyle: { color: colours.text }, itemWidth: 28,
      data: view.series.filter(({ key }) => view.shown.includes(key)).map((one) => one.name) },
    grid: grids(panels, compact),
    axisPointer: { link: [{ xAxisIndex: "all" }], lineStyle: { color: colours.line, type: "solid", width: 1 } },
    tooltip: { trigger: "axis", show: !compact, confine: true, transitionDuration: 0, padding: 0, borderWidth: 0,
      backgroundColor: "transparent", extraCssText: "box-shadow:none", formatter: view.readout },
    dataZoom: zooms(view, indices),
    xAxis: indices.map((at) => ({ ...timeAxis(view, at === panels - 1), gridIndex: at })),
    yAxis: indices.map((at) => ({ ...valueAxis(view, at), gridIndex: at })),
    series: [...bands(view), ...lines(view), limitLines(view)],
  };
}

// What changes with the zoom alone, from one view to the next.
export function axes(view, before) {
  const indices = view.panels === 1 ? [0] : [0, 1];
  return {
    xAxis: indices.map((at) => timeAxis(view, at === view.panels - 1)),
    yAxis: indices.map((at) => valueAxis(view, at)),
    // Merging a series makes ECharts read its points again, so only when its stroke changes.
    ...(dense(view) === dense(before) ? {} : { series: strokes(view) }),
  };
}

const strokes = (view) => drawn(view).map((one) => ({ id: one.key, lineStyle: stroke(view, one) }));

function zooms({ colours, compact, zone, zoom, from, to }, indices) {
  const range = zoom ? { startValue: zoom[0], endValue: zoom[1] } : { startValue: from, endValue: to };
  const shared = { xAxisIndex: indices, filterMode: "none", ...range };
  return [
    { ...shared, type: "inside", zoomOnMouseWheel: true, moveOnMouseWheel: false, moveOnMouseMove: "shift", minSpan: 0.2 },
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

function timeAxis({ colours, zone, zoom, from, to, width }, labelled) {
  const [start, end] = zoom ?? [from, to];
  const marks = ticks(start, end, zone, Math.floor(width / LABEL_PX));
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
  const { colours, zoom, from, to, data } = view;
  const keys = drawn(view).filter((one) => (one.panel ?? 0) === panel).map(({ key }) => key);
  const [min, max] = extent(data, keys, ...(zoom ?? [from, to]));
  return {
    type: "value", min, max, splitNumber: panel === 0 ? 5 : 2, axisLine: { show: false }, axisTick: { show: false },
    splitLine: { lineStyle: { color: colours.hair }, showMinLine: false, showMaxLine: false },
    axisLabel: { color: colours.quiet, showMinLabel: false, showMaxLabel: false, formatter: short },
  };
}

const short = (value) => (Math.abs(value) >= 1e6 ? value.toExponential(1) : String(Number(value.toPrecision(6))));

const drawn = ({ series, shown }) => series.filter(({ key }) => shown.includes(key));

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
      id: `${low}-${high}`, type: "custom", silent: true, clip: true, z: 1, tooltip: { show: false },
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

// Warning and critical limits and the ends of the hard range as lines, the range as a band, behind
// everything.
function limitLines({ limits, colours, t, compact }) {
  const lines = [
    ["min_val", t.limit_from, colours.line, "solid"], ["max_val", t.limit_to, colours.line, "solid"],
    ["warn_min", t.limit_l, colours.warn, [6, 4]], ["warn_max", t.limit_h, colours.warn, [6, 4]],
    ["crit_min", t.limit_ll, colours.crit, [2, 3]], ["crit_max", t.limit_hh, colours.crit, [2, 3]],
  ].filter(([key]) => limits[key] !== undefined);
  const marks = lines.map(([key, name, color, type]) => ({
    yAxis: limits[key],
    lineStyle: { color, type, width: 1.2 },
    label: { show: !compact, position: "end", color: colours.text, formatter: `${name} ${limits[key]}`, fontSize: 12 },
  }));
  const { min_val: low, max_val: high } = limits;
  const range = low === undefined || high === undefined ? [] : [[{ yAxis: low }, { yAxis: high }]];
  return {
    id: LIMITS, type: "line", data: [], silent: true, z: 0, tooltip: { show: false },
    markLine: { symbol: "none", silent: true, animation: false, data: marks },
    markArea: { silent: true, animation: false, itemStyle: { color: colours.band }, data: range },
  };
}
