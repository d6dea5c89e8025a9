// A chart as a picture that stands alone: what it shows, of which time and zone, and its legend.
import { option } from "./option.js";
import { HEIGHT, LEAST, legend, legendPx, LINE_PX, PAD, RATIO, SWATCH } from "./picturelayout.js";
import { DASHES, LINE, SHAPES, hollow } from "./swatch.js";
import { fill } from "../lib/words.js";
import { stamp } from "../lib/zone.js";

const PANEL = 160;

// The lines over the chart: the tag with its unit, what it measures, and the time that is seen.
export function headlines({ name, unit, title, caption, zone, zoom, from, to, t }) {
  const [start, end] = zoom ?? [from, to];
  const seen = fill(zoom ? t.chart_seen_part : t.chart_seen, { from: stamp(start, zone), to: stamp(end, zone), zone, caption });
  return { tag: unit ? `${name} [${unit}]` : name, title, seen };
}

// The name of the file: the tag, and the time that is seen, to the minute.
export function filename({ name, zone, zoom, from, to }) {
  const times = (zoom ?? [from, to]).map((ms) => stamp(ms, zone).slice(0, 16).replace(" ", "T").replace(":", ""));
  return `${[name, ...times].join("_").replaceAll(/[^\p{L}\p{N}_-]+/gu, "_")}.png`;
}

// The URL of a PNG. `init` makes a chart of ECharts.
export async function picture(view, init) {
  const wide = { ...view, width: Math.max(view.width, LEAST), compact: false, still: true };
  const head = headlines(wide);
  const series = wide.series.filter(({ key }) => wide.shown.includes(key));
  const { font } = wide.colours;
  // A font of many scripts comes in parts, and a canvas does not wait for them.
  const text = [...Object.values(head), ...series.map((one) => one.name)].join(" ");
  await Promise.all(["400 12px", "600 16px"].map((size) => document.fonts.load(`${size} ${font}`, text))).catch(() => {});
  const pen = document.createElement("canvas").getContext("2d");
  pen.font = `400 12px ${font}`;
  const places = legend(series, wide.width, (name) => pen.measureText(name).width);
  const top = PAD + (head.title ? 3 : 2) * LINE_PX + legendPx(places) + 4;
  const height = HEIGHT + (wide.panels - 1) * PANEL;
  pen.canvas.width = wide.width * RATIO;
  pen.canvas.height = (top + height) * RATIO;
  pen.scale(RATIO, RATIO);
  pen.fillStyle = wide.colours.panel;
  pen.fillRect(0, 0, wide.width, top + height);
  write(pen, head, wide.colours);
  for (const [at, one] of series.entries()) {
    pen.save();
    pen.translate(places[at].x, top - 4 - LINE_PX * (places.at(-1).row + 1 - places[at].row));
    swatch(pen, one, wide.colours);
    pen.restore();
  }
  pen.drawImage(chart({ ...wide, height }, init), 0, top, wide.width, height);
  return pen.canvas.toDataURL("image/png");
}

function write(pen, { tag, title, seen }, colours) {
  pen.textBaseline = "top";
  let y = PAD;
  for (const [text, size, colour] of [[tag, "600 16px", colours.text], [title, "400 12px", colours.text], [seen, "400 12px", colours.quiet]]) {
    if (!text) continue;
    pen.font = `${size} ${colours.font}`;
    pen.fillStyle = colour;
    pen.fillText(text, PAD, y);
    y += LINE_PX;
  }
}

function swatch(pen, { name, color, dash, symbol, width }, colours) {
  const paint = colours.series[color];
  pen.strokeStyle = paint;
  pen.lineWidth = width;
  pen.setLineDash(DASHES[dash]);
  pen.stroke(new Path2D(LINE));
  pen.setLineDash([]);
  pen.lineWidth = 1;
  pen.fillStyle = hollow(symbol) ? colours.panel : paint;
  const shape = new Path2D(SHAPES[symbol]);
  pen.fill(shape);
  pen.stroke(shape);
  pen.font = `400 12px ${colours.font}`;
  pen.fillStyle = colours.text;
  pen.fillText(name, SWATCH + 6, -2);
}

function chart(view, init) {
  const { width, height } = view;
  const made = init(document.createElement("div"), null, { width, height, devicePixelRatio: RATIO });
  made.setOption(option(view));
  const canvas = made.renderToCanvas({ pixelRatio: RATIO });
  made.dispose();
  return canvas;
}
