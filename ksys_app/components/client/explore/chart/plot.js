// The chart of several tags on a canvas: draws a view, and calls handlers when it is zoomed, pointed at, or a part is selected.
import { init } from "../../chart/echarts.js";
import { pointedBucket } from "../../chart/peak.js";
import { setFrame } from "../frame.js";
import { optionOf } from "./drawing.js";
import { followPointer } from "./gestures.js";
import { Overlay } from "./overlay.js";
import { picture } from "./picture.js";
import { sceneOf } from "./scene.js";

const ZOOM_REPORT_MS = 250;
const MIN_ZOOM_MS = 1000;
// A chart with more lines than this is drawn with half of its points while it moves, and with all of them when it rests.
const MAX_FINE_LINES = 3;
const REFINE_MS = 120;

// The keys of a view that its canvas depends on.
const CANVAS_KEYS = ["entries", "look", "layout", "difference", "from", "to", "width", "height"];
const sameCanvas = (before, view) => before && CANVAS_KEYS.every((key) => before[key] === view[key]) && String(before.zoom) === String(view.zoom);

export class Plot {
  // `handlers`: onZoom(range or null), onPoint(ms), onPart(range or null), onWiden(), onWheel(). A view is that of `sceneOf`
  // with `look`, `part`, `cursor`, `selecting`, `step` (the shortest zoom, ms) and `readout(ms)` (a node for the tooltip).
  constructor(node, handlers) {
    this.node = node;
    this.handlers = handlers;
    this.view = null;
    this.scene = null;
    this.axesKey = "";
    this.canvas = Object.assign(document.createElement("div"), { className: "explore-canvas" });
    node.append(this.canvas);
    this.chart = init(this.canvas, null, { renderer: "canvas" });
    this.overlay = new Overlay(node, { onPart: (part) => this.select(part), timeAt: (x) => this.timeAt(x) });
    this.stopGestures = followPointer(this);
    this.size = new ResizeObserver(() => this.resize());
    this.size.observe(node);
  }

  dispose() {
    clearTimeout(this.reportTimer);
    clearTimeout(this.refineTimer);
    cancelAnimationFrame(this.frame);
    this.size.disconnect();
    this.stopGestures();
    this.overlay.dispose();
    this.chart.dispose();
    this.canvas.remove();
  }

  resize() {
    this.chart.resize();
    if (this.view) this.draw(this.view);
  }

  // Draws a view. A zoom that the page has not received yet stays, because it is newer than that of the view.
  draw(view) {
    const zoom = this.reportTimer ? this.view.zoom : view.zoom;
    const before = this.view;
    this.view = { ...view, zoom, width: this.chart.getWidth(), height: this.chart.getHeight() };
    // After a zoom the page returns a view with the same zoom, which the canvas shows already.
    if (!this.coarse && sameCanvas(before, this.view)) this.overlay.show(this.scene, this.view);
    else this.paint();
  }

  paint(coarse = false) {
    cancelAnimationFrame(this.frame);
    this.frame = 0;
    this.coarse = coarse;
    this.scene = sceneOf({ ...this.view, coarse });
    // ECharts merges the option. Only if the axes are others than before, it has to replace them and their series.
    const axesKey = this.scene.panels.map(({ kind, percent, axes }) => [kind, percent, ...axes.map(({ side, unit }) => side + unit)]).join(" ");
    const replaceMerge = axesKey === this.axesKey ? undefined : ["series", "xAxis", "yAxis", "grid"];
    this.chart.setOption(optionOf(this.scene, this.view.look), { replaceMerge });
    this.axesKey = axesKey;
    const { grid, from, to } = this.scene;
    setFrame({ left: grid.left, right: grid.right, from, to });
    this.overlay.show(this.scene, this.view);
  }

  // Shows another cursor and selected part, which only the overlay draws.
  mark({ cursor, part }) {
    if (!this.view) return;
    this.view = { ...this.view, cursor, part };
    this.overlay.show(this.scene, this.view);
  }

  select(part) {
    this.mark({ cursor: this.view.cursor, part });
    this.handlers.onPart(part);
  }

  // Zooms to a range in epoch ms, or out to the whole time if it is null. The next frame draws it; the handler is called after the last zoom.
  zoom(range) {
    const { from, to } = this.view;
    const [start, end] = (range ?? [from, to]).map(Math.round);
    this.view = { ...this.view, zoom: start <= from && end >= to ? null : [Math.max(start, from), Math.min(end, to)] };
    const many = this.view.entries.filter((entry) => !entry.hidden).length > MAX_FINE_LINES;
    this.frame ||= requestAnimationFrame(() => this.paint(many));
    clearTimeout(this.refineTimer);
    if (many) this.refineTimer = setTimeout(() => this.paint(), REFINE_MS);
    clearTimeout(this.reportTimer);
    this.reportTimer = setTimeout(() => {
      this.reportTimer = null;
      this.handlers.onZoom(this.view.zoom);
    }, ZOOM_REPORT_MS);
  }

  // Zooms in (a factor below 1) or out around a time, without one around the middle. A chart that is not zoomed asks for a wider window.
  zoomBy(factor, center = null) {
    const { from, to, zoom, step } = this.view;
    if (factor > 1 && !zoom) {
      this.handlers.onWiden();
      return;
    }
    const [start, end] = zoom ?? [from, to];
    const ms = center ?? (start + end) / 2;
    const length = Math.max((end - start) * factor, step, MIN_ZOOM_MS);
    const left = ms - ((ms - start) / (end - start)) * length;
    this.zoom([Math.max(from, left), Math.min(to, left + length)]);
  }

  // Moves the zoom by a share of its length to later (above 0) or earlier, up to the ends of the time.
  pan(share) {
    const { from, to, zoom } = this.view;
    if (!zoom) return;
    const step = share * (zoom[1] - zoom[0]);
    const shift = Math.min(Math.max(step, from - zoom[0]), to - zoom[1]);
    this.zoom([zoom[0] + shift, zoom[1] + shift]);
  }

  // The time at a place, epoch ms; `x` in px.
  timeAt(x) {
    const { from, to, grid } = this.scene;
    return Math.min(to, Math.max(from, from + ((x - grid.left) / grid.width) * (to - from)));
  }

  // Whether a point is in the plot area of a panel, or between two panels.
  inside(x, y) {
    if (!this.scene) return false;
    const { grid, panels } = this.scene;
    const last = panels.at(-1);
    return x >= grid.left && x <= grid.left + grid.width && y >= panels[0].top && y <= last.top + last.height;
  }

  // The time of the bucket that a pointer at `x` means, epoch ms: a peak of a line near it, otherwise the nearest bucket; 0 without one.
  bucketAt(x) {
    const ms = this.timeAt(x);
    const { from, to, grid, panels } = this.scene;
    const pixelMs = (to - from) / grid.width;
    let best = { ms: 0, distance: Infinity, peak: false };
    for (const { entry, projection, difference } of panels.flatMap(({ lines }) => lines)) {
      if (difference) continue;
      const { at, low, high } = entry.line;
      const scales = ["low", "high"].map((key) => ({ key, worth: 1 / projection.pxPerUnit }));
      const row = pointedBucket({ at, columns: { low, high } }, ms, pixelMs, scales);
      if (row < 0) continue;
      const nearestRow = pointedBucket({ at, columns: {} }, ms, pixelMs, []);
      const candidate = { ms: at[row], distance: Math.abs(at[row] - ms), peak: row !== nearestRow };
      if (candidate.peak === best.peak ? candidate.distance < best.distance : candidate.peak) best = candidate;
    }
    return best.ms;
  }

  /** A picture of the shown time as a Blob: `png` or `svg`. `colours` replace those of the page. */
  image(kind = "png", colours = {}) {
    return picture({ ...this.view, look: { ...this.view.look, ...colours } }, kind);
  }
}
