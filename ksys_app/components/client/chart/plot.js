// One chart on a canvas: draws a view, and calls handlers when it is zoomed, pointed at or clicked.
import { init } from "./echarts.js";
import { nearest } from "./gaps.js";
import { axes, option } from "./option.js";
import { shownSeries, heights, valueRange } from "./panels.js";
import { pointedBucket } from "./peak.js";
import { Pick } from "./pick.js";
import { filename, picture } from "./picture.js";

const DRAG_PX = 6;
const ZOOM_REPORT_MS = 250;

export class Plot {
  // `handlers`: onZoom(range or null), onPoint(ms), onPick(ms), onWiden(), onWheel().
  constructor(node, handlers) {
    this.node = node;
    this.handlers = handlers;
    this.view = null;
    // The time at which a key or a row of the table has set the cursor; 0 while the pointer sets it.
    this.marked = 0;
    this.pick = new Pick((ms) => handlers.onPick(ms));
    this.chart = init(node, null, { renderer: "canvas" });
    this.chart.on("datazoom", (event) => this.zoomed(event.batch?.[0] ?? event));
    this.chart.on("updateAxisPointer", ({ axesInfo }) => this.pointed(axesInfo?.[0]?.value));
    // The place of the pointer, because the chart below it can change while it rests.
    this.chart.getZr().on("mousemove", ({ offsetX: x, offsetY: y }) => {
      this.pointer = { x, y };
      this.marked = 0;
    });
    this.chart.getZr().on("globalout", () => {
      this.pointer = null;
      handlers.onPoint(0);
    });
    node.addEventListener("wheel", this.wheel, { capture: true, passive: true });
    this.chart.getZr().on("dblclick", () => {
      this.pick.cancel();
      this.zoom(null);
    });
    this.stopDrag = selectByDrag(this);
    this.size = new ResizeObserver(() => this.resize());
    this.size.observe(node);
  }

  // ECharts prevents the page from scrolling on every wheel event, so it gets only those with Ctrl, by which it zooms.
  wheel = (event) => {
    if (event.ctrlKey) return;
    event.stopPropagation();
    this.handlers.onWheel();
  };

  dispose() {
    clearTimeout(this.reportTimer);
    this.pick.cancel();
    cancelAnimationFrame(this.frame);
    this.size.disconnect();
    this.node.removeEventListener("wheel", this.wheel, { capture: true });
    this.stopDrag();
    this.chart.dispose();
  }

  resize() {
    this.chart.resize();
    if (this.view) this.draw(this.view);
  }

  // Draws a view. A zoom that the page has not received yet is kept.
  draw(view) {
    const [width, height] = [this.chart.getWidth(), this.chart.getHeight()];
    // A zoom that is not reported yet is newer than the view's.
    const zoom = this.reportTimer ? this.view.zoom : view.zoom;
    this.view = { ...view, zoom, width, height, compact: width < 560 };
    this.painted = this.view;
    const readout = ([first]) => first && view.readout(this.bucketAt(first.axisValue));
    this.chart.setOption(option({ ...this.view, readout }), { replaceMerge: ["series", "xAxis", "yAxis", "grid"] });
    this.updateReadout();
  }

  // Updates the readout under a resting pointer; ECharts would keep the old time.
  updateReadout() {
    if (!this.pointer) return;
    const inside = this.chart.containPixel("grid", [this.pointer.x, this.pointer.y]);
    this.chart.dispatchAction(inside ? { type: "showTip", ...this.pointer } : { type: "hideTip" });
  }

  // The wheel or the slider has changed the zoom; the axes are updated in the next frame.
  zoomed({ start, end, startValue, endValue }) {
    const { from, to } = this.view;
    const at = (percent) => from + ((to - from) * percent) / 100;
    this.setZoom([startValue ?? at(start), endValue ?? at(end)]);
    cancelAnimationFrame(this.frame);
    this.frame = requestAnimationFrame(() => this.updateAxes());
  }

  // Zooms to a range in epoch ms, or with null to the whole window.
  zoom(range) {
    const { from, to } = this.view;
    const [startValue, endValue] = range ?? [from, to];
    this.setZoom([startValue, endValue]);
    this.updateAxes({ dataZoom: [{ startValue, endValue }, { startValue, endValue }] });
  }

  updateAxes(more = {}) {
    this.chart.setOption({ ...more, ...axes(this.view, this.painted) });
    this.painted = this.view;
    this.updateReadout();
  }

  setZoom(range) {
    const { from, to } = this.view;
    const [start, end] = range.map(Math.round);
    this.view = { ...this.view, zoom: start <= from && end >= to ? null : [start, end] };
    clearTimeout(this.reportTimer);
    this.reportTimer = setTimeout(() => {
      this.reportTimer = null;
      this.handlers.onZoom(this.view.zoom);
    }, ZOOM_REPORT_MS);
  }

  // Zooms around the middle of the visible range: in with a factor below 1, else out. If all is visible already, the page is
  // asked for a wider window.
  zoomBy(factor) {
    const { from, to, zoom } = this.view;
    if (factor > 1 && !zoom) {
      this.handlers.onWiden();
      return;
    }
    const [start, end] = zoom ?? [from, to];
    const middle = (start + end) / 2;
    const half = Math.max(((end - start) * factor) / 2, this.view.data.width);
    this.zoom([Math.max(from, middle - half), Math.min(to, middle + half)]);
  }

  // Moves the visible range by a quarter of its length, later (1) or earlier (-1), inside of the window.
  pan(direction) {
    const { from, to, zoom } = this.view;
    if (!zoom) return;
    const step = (direction * (zoom[1] - zoom[0])) / 4;
    const shift = Math.min(Math.max(step, from - zoom[0]), to - zoom[1]);
    this.zoom([zoom[0] + shift, zoom[1] + shift]);
  }

  // The time of the bucket for a time under the pointer, 0 without one; the marked time if a key or a row has set the cursor.
  bucketAt(value) {
    if (this.marked) return this.marked;
    const { data, zoom, from, to } = this.view;
    const [start, end] = zoom ?? [from, to];
    const [left, right] = [start, end].map((ms) => this.chart.convertToPixel({ xAxisIndex: 0 }, ms));
    const scales = shownSeries(this.view).map(({ key, panel = 0 }) => {
      const [low, high] = valueRange(this.view, panel);
      return { key, worth: (high - low) / heights(this.view)[panel] };
    });
    return data.at[pointedBucket(data, value, (end - start) / Math.max(1, right - left), scales)] ?? 0;
  }

  pointed(value) {
    if (value === undefined || value === null) return;
    const ms = this.bucketAt(value);
    if (ms > 0) this.handlers.onPoint(ms);
  }

  picked(value) {
    this.marked = 0;
    this.pick.at(this.bucketAt(value), this.view.zoom !== null);
  }

  // Sets the cursor to a time, as pointing at it would; 0 removes it.
  mark(ms) {
    const { data, series, shown } = this.view;
    const i = ms > 0 ? nearest(data, ms) : -1;
    const hasLine = series.some(({ key }) => shown.includes(key));
    this.marked = data.at[i] ?? 0;
    if (i < 0 || !hasLine) return this.chart.dispatchAction({ type: "hideTip" });
    const x = this.chart.convertToPixel({ xAxisIndex: 0 }, data.at[i]);
    return this.chart.dispatchAction({ type: "showTip", x, y: 24 });
  }

  // The data URL of the visible range as a PNG.
  image() {
    return picture(this.view, init);
  }

  filename() {
    return filename(this.view);
  }
}

// A drag over the chart selects the time to zoom to; a click without one picks a point.
function selectByDrag(plot) {
  const { node, chart } = plot;
  const cover = document.createElement("div");
  cover.className = "chart-drag";
  let start = null;
  let pressed = null;
  const x = (event) => event.clientX - node.getBoundingClientRect().left;
  const inside = (event) =>
    plot.view && chart.containPixel("grid", [x(event), event.clientY - node.getBoundingClientRect().top]);
  const time = (pixel) => chart.convertFromPixel({ xAxisIndex: 0 }, pixel);
  const down = (event) => {
    pressed = x(event);
    const drags = event.button === 0 && !event.shiftKey && event.pointerType !== "touch";
    start = drags && inside(event) ? x(event) : null;
  };
  const move = (event) => {
    if (start === null) return;
    const width = Math.abs(x(event) - start);
    if (!cover.isConnected && width < DRAG_PX) return;
    cover.style.cssText = `left:${Math.min(start, x(event))}px;width:${width}px`;
    node.append(cover);
  };
  const up = (event) => {
    if (start === null || !cover.isConnected) return;
    const [from, to] = [start, x(event)].sort((a, b) => a - b).map(time);
    plot.zoom([Math.max(from, plot.view.from), Math.min(to, plot.view.to)]);
  };
  const click = (event) => {
    // A drag that moves the visible range also ends with a click event.
    const dragged = cover.isConnected || (pressed !== null && Math.abs(x(event) - pressed) >= DRAG_PX);
    start = null;
    cover.remove();
    if (!dragged && inside(event)) plot.picked(time(x(event)));
  };
  const events = [[node, "pointerdown", down], [window, "pointermove", move], [window, "pointerup", up], [node, "click", click]];
  events.forEach(([target, name, act]) => target.addEventListener(name, act));
  return () => events.forEach(([target, name, act]) => target.removeEventListener(name, act));
}
