// The chart as a picture with all that a reader needs: the time, the zone, and a legend of the tags.
import { init } from "../../chart/echarts.js";
import { HEIGHT, LEAST, legend, legendPx, LINE_PX, PAD, RATIO, SWATCH } from "../../chart/picturelayout.js";
import { fill } from "../../lib/words.js";
import { stamp } from "../../lib/zone.js";
import { COMPARED_DASH, optionOf, REPEATED_DASH } from "./drawing.js";
import { dashedText } from "./reading.js";
import { heightOf, panelsOfView, sceneOf } from "./scene.js";

const PAPER_WIDTH = 860;
const PAPER_HEIGHT = 290;
// Longer names are cut, characters.
const MAX_NAME = 60;

/** A picture of a view as a Blob; `kind` is `png` or `svg`. */
export async function picture(view, kind) {
  const width = Math.max(view.width, LEAST);
  const { font } = view.look;
  const names = legendOf(view);
  const timeText = headline(view);
  // The font is loaded in parts, one for each script. A canvas does not wait for them.
  const text = [timeText, ...names.map(({ name }) => name)].join(" ");
  await document.fonts.load(`400 12px ${font}`, text).catch(() => {});
  const pen = document.createElement("canvas").getContext("2d");
  pen.font = `400 12px ${font}`;
  const places = legend(names, width, (name) => pen.measureText(name).width);
  const top = PAD + LINE_PX + legendPx(places) + 4;
  const height = top + heightOf(panelsOfView(view), HEIGHT);
  const scene = sceneOf({ ...view, width, height, top });
  const option = optionOf(scene, { ...view.look, head: headElements(names, places, timeText, view.look) });
  const withBackground = { ...option, backgroundColor: view.look.panel };
  return kind === "svg" ? svgBlob(withBackground, width, height) : pngBlob(withBackground, width, height);
}

function svgBlob(option, width, height) {
  return new Blob([svgText(option, width, height, false)], { type: "image/svg+xml" });
}

function svgText(option, width, height, useViewBox) {
  const chart = init(null, null, { renderer: "svg", ssr: true, width, height });
  chart.setOption(option);
  const text = chart.renderToSVGString({ useViewBox });
  chart.dispose();
  return text;
}

function pngBlob(option, width, height) {
  const chart = init(document.createElement("div"), null, { width, height, devicePixelRatio: RATIO });
  chart.setOption(option);
  const canvas = chart.renderToCanvas({ pixelRatio: RATIO });
  chart.dispose();
  return new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
}

// The names of the legend with their colours and dashes: each shown tag, and the compared time if there is one.
export function legendOf(view) {
  const dashed = dashedText(view);
  const tags = view.entries.filter((entry) => !entry.hidden)
    .map((entry) => ({ name: nameOf(entry), colour: entry.colour, dash: entry.repeated ? REPEATED_DASH : undefined }));
  return dashed && tags.length > 0 ? [...tags, { name: dashed, colour: null, dash: COMPARED_DASH }] : tags;
}

function nameOf({ tag, unit }) {
  const characters = [...tag];
  const name = characters.length > MAX_NAME ? `${characters.slice(0, MAX_NAME).join("")}…` : tag;
  return unit ? `${name} [${unit}]` : name;
}

// The shown time with its zone, as a text.
function headline({ zoom, from, to, look, t, caption }) {
  const [start, end] = zoom ?? [from, to];
  return fill(zoom ? t.chart_seen_part : t.chart_seen, { from: stamp(start, look.zone), to: stamp(end, look.zone), zone: look.zone, caption });
}

// The time and the legend above the chart. They are elements of the drawing, so that both kinds of picture have them.
function headElements(names, places, timeText, look) {
  const write = (x, y, text, fill) =>
    ({ type: "text", style: { text, x, y, fill, font: `400 12px ${look.font}`, verticalAlign: "top" } });
  const legendElements = names.flatMap(({ name, colour, dash }, at) => {
    const [x, y] = [places[at].x, PAD + LINE_PX * (1 + places[at].row)];
    const style = { stroke: colour === null ? look.text : look.series[colour], lineWidth: 2, lineDash: dash };
    return [{ type: "line", shape: { x1: x, y1: y + 7, x2: x + SWATCH - 4, y2: y + 7 }, style }, write(x + SWATCH, y, name, look.text)];
  });
  return [write(PAD, PAD, timeText, look.quiet), ...legendElements];
}

/** The chart for printing: SVG text of the width of the paper. Its colours are CSS variables, so that it has those of the paper. */
export function printedChart(view) {
  const variable = (name) => `var(--${name})`;
  const { series, ...named } = view.look;
  const colours = Object.fromEntries(["text", "quiet", "hair", "panel"].map((name) => [name, variable(name)]));
  const look = { ...named, ...colours, series: series.map((_, n) => variable(`series-${n}`)) };
  const height = heightOf(panelsOfView(view), PAPER_HEIGHT);
  return svgText(optionOf(sceneOf({ ...view, width: PAPER_WIDTH, height }), look), PAPER_WIDTH, height, true);
}
