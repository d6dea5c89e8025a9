// The ECharts option of a scene: its axes, and for each panel one custom series with the elements of its lines.
import { graphic } from "../../chart/echarts.js";
import { tickText, ticks } from "../../lib/zone.js";
import { labelAt } from "./axes.js";
import { bandPath, dotsPath, linePath, peaksPath } from "./shapes.js";

const LABEL_PX = 76;
// The dashes of a compared line.
export const COMPARED_DASH = [6, 4];
// The dashes of a tag whose colour an earlier tag has.
export const REPEATED_DASH = [12, 3, 2, 3];
const BAND_OPACITY = 0.2;
// Samples have dots if their mean distance is more than this.
const DOTS_PX = 7;
const FONT_PX = 12;
// The name of an axis shows at most this many colours of its lines.
const MAX_PAINTS = 5;

const PATHS = { ksysLine: linePath, ksysBand: bandPath, ksysDots: dotsPath, ksysPeaks: peaksPath };
for (const [name, path] of Object.entries(PATHS)) {
  const shape = { points: null, projection: null, step: false, all: false };
  graphic.registerShape(name, graphic.extendShape({ type: name, shape, buildPath: path }));
}

/** The option of a scene. `look` has the colours and the font of the page, and the display zone; `head`: elements above a picture. */
export function optionOf(scene, look) {
  const { grid, panels } = scene;
  const axes = panels.flatMap((panel, at) => (panel.axes.length > 0 ? panel.axes : [BLANK_AXIS]).map((axis) => ({ ...axis, panel: at })));
  return {
    animation: false,
    backgroundColor: "transparent",
    textStyle: { fontFamily: look.font, fontSize: FONT_PX, color: look.text },
    grid: panels.map(({ top, height }) => ({ left: grid.left, width: grid.width, top, height, outerBoundsMode: "none" })),
    xAxis: panels.map((_, at) => timeAxis(scene, look, at)),
    yAxis: axes.map((axis) => valueAxis(axis, look)),
    series: [
      ...panels.map((panel, at) => linesSeries(panel, at, axes.findIndex((axis) => axis.panel === at), look)),
      overlay("names", panels.flatMap((panel) => axisNames(panel, scene, look))), ...(look.head ? [overlay("head", look.head)] : []),
    ],
  };
}

// The axis of a panel without lines, because ECharts needs one.
const BLANK_AXIS = { unit: "", members: [], side: "left", rank: 0, offset: 0, min: 0, max: 1, empty: true, marks: 5 };

function timeAxis({ from, to, grid, panels }, { zone, quiet, hair }, at) {
  const labelled = at === panels.length - 1;
  const marks = ticks(from, to, zone, Math.floor(grid.width / LABEL_PX));
  const line = { lineStyle: { color: hair } };
  return {
    type: "value", gridIndex: at, min: from, max: to, axisLine: { onZero: false, ...line }, splitLine: { show: false },
    axisTick: { show: labelled, customValues: marks, ...line },
    axisLabel: { show: labelled, customValues: marks, color: quiet, hideOverlap: true, formatter: (ms) => tickText(ms, zone, to - from) },
    axisPointer: { show: false },
  };
}

function valueAxis(axis, look) {
  const { min, max, side, offset, empty, rank } = axis;
  const first = side === "left" && rank === 0;
  return {
    type: "value", gridIndex: axis.panel, position: side, offset, min, max, splitNumber: axis.marks, z: 1,
    axisLine: { show: !first, onZero: false, lineStyle: { color: look.hair } }, axisTick: { show: !first && !empty, lineStyle: { color: look.hair } },
    splitLine: { show: first && !empty, lineStyle: { color: look.hair }, showMinLine: false, showMaxLine: false },
    axisLabel: { show: !empty, color: look.quiet, showMinLabel: false, showMaxLabel: false, formatter: (value) => labelAt(value, min, max) },
    axisPointer: { show: false },
  };
}

// All lines of a panel are one series. ECharts calls `renderItem` for each drawing, so the elements have the visible points.
function linesSeries(panel, at, yAxisIndex, look) {
  return {
    id: `panel-${at}`, type: "custom", silent: true, clip: true, z: 3, xAxisIndex: at, yAxisIndex, tooltip: { show: false },
    encode: { x: [0], y: [1] }, data: [[0, 0]],
    renderItem: () => ({ type: "group", children: elements(panel.lines, look) }),
  };
}

/** A series of elements that no axis moves: texts beside the plots. */
const overlay = (id, children) => ({
  id, type: "custom", coordinateSystem: "none", silent: true, clip: false, data: [[0]], tooltip: { show: false }, z: 4,
  renderItem: () => ({ type: "group", children }),
});

// The unit above each axis, with the colours of its lines. The name of an outer axis begins at the edge of the chart: there it has
// the width of both axes.
function axisNames({ axes, kind, percent, top }, { grid, width }, look) {
  return axes.map(({ unit, side, rank, offset, px, members }) => {
    const left = side === "left";
    const edge = offset + px - 4;
    const x = left ? grid.left - (rank > 0 ? edge : 4) : grid.left + grid.width + (rank > 0 ? edge : 4);
    const paints = percent ? [] : members.slice(0, MAX_PAINTS).map(({ entry }) => look.series[entry.colour]);
    const marks = paints.map((_, at) => `{p${at}|▬}`).join("");
    const name = [kind === "difference" ? "Δ" : "", percent ? look.percent : unit].filter(Boolean).join(" ");
    const rich = Object.fromEntries(paints.map((color, at) => [`p${at}`, { fill: color, fontSize: FONT_PX }]));
    const style = { text: [name, marks].filter(Boolean).join(" "), x, y: top - 8, fill: look.quiet, align: side, verticalAlign: "bottom", rich };
    return { type: "text", style: { ...style, font: `400 ${FONT_PX}px ${look.font}`, width: rank > 0 ? edge : width / 3, overflow: "truncate" } };
  });
}

// The elements of the lines of a panel, from back to front: bands, peaks, compared lines, lines, dots.
export function elements(parts, look) {
  const { samples } = look;
  const painted = parts.map((part) => ({ ...part, paint: look.series[part.entry.colour] }));
  const bands = painted.filter(({ points, difference }) => !difference || points.dense).map(band);
  const peaks = painted.filter(({ points }) => points.dense).map(peak);
  const comparedLines = painted.filter(({ compared }) => compared).map((part) => stroke(part, part.compared, samples, true));
  const means = painted.map((part) => stroke(part, part.points, samples, false));
  const dots = painted.flatMap((part) => [part.points, part.compared].filter(Boolean).map((points) => dot(part, points, samples)));
  return [...bands, ...peaks, ...comparedLines, ...means, ...dots];
}

const band = ({ points, projection, paint }) => ({ type: "ksysBand", shape: { points, projection }, style: { fill: paint, opacity: BAND_OPACITY }, z2: 1 });

const peak = ({ points, projection, paint }) =>
  ({ type: "ksysPeaks", shape: { points, projection }, style: { stroke: paint, fill: "none", lineWidth: 1, opacity: 0.6 }, z2: 1 });

function stroke({ projection, entry, paint }, points, samples, dashed) {
  const lineDash = dashed ? COMPARED_DASH : entry.repeated ? REPEATED_DASH : undefined;
  const style = { stroke: paint, fill: "none", lineWidth: dashed ? 1.2 : 1.6, lineDash, lineJoin: "bevel" };
  return { type: "ksysLine", shape: { points, projection, step: samples && !points.dense }, style, z2: dashed ? 2 : 3 };
}

function dot({ projection, paint }, points, samples) {
  const width = (points.at[points.count - 1] - points.at[0]) * projection.pxPerMs;
  const all = samples && !points.dense && width > points.count * DOTS_PX;
  return { type: "ksysDots", shape: { points, projection, all }, style: { fill: paint }, z2: 4 };
}
