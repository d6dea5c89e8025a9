// One chart on a canvas: draws a view, and tells where it is zoomed, pointed at and clicked.
import { init } from "./echarts.js";
import { nearest } from "./gaps.js";
import { axes, option } from "./option.js";
import { drawn, heights, span } from "./panels.js";
import { meant } from "./peak.js";
import { filename, picture } from "./picture.js";

const DRAG_PX = 6;
const TOLD_MS = 250;

export class Plot {
  // `told` holds onZoom(range or null), onPoint(ms), onPick(ms), onWiden(), onWheel().
  constructor(node, told) {
    this.node = node;
    this.told = told;
    this.view = null;
    // A time that a key or a row of the table points at, 0 while the pointer does.
    this.marked = 0;
    this.chart = init(node, null, { renderer: "canvas" });
    this.chart.on("datazoom", (event) => this.zoomed(event.batch?.[0] ?? event));
    this.chart.on("updateAxisPointer", ({ axesInfo }) => this.pointed(axesInfo?.[0]?.value));
    // Where the pointer is: what is drawn under it changes while it stands still.
    this.chart.getZr().on("mousemove", ({ offsetX: x, offsetY: y }) => {
      this.under = { x, y };
      this.marked = 0;
    });
    this.chart.getZr().on("globalout", () => {
      this.under = null;
      told.onPoint(0);
    });
    node.addEventListener("wheel", this.wheel, { capture: true, passive: true });
    this.chart.getZr().on("dblclick", () => this.zoom(null));
    this.stopDrag = selectByDrag(this);
    this.size = new ResizeObserver(() => this.resize());
    this.size.observe(node);
  }

  // ECharts takes every wheel over a chart from the page, also one that it does not zoom by: it gets only those with Ctrl.
  wheel = (event) => {
    if (event.ctrlKey) return;
    event.stopPropagation();
    this.told.onWheel();
  };

  dispose() {
    clearTimeout(this.telling);
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

  // Everything anew except the zoom, which stays where it was until the view brings another.
  draw(view) {
    const [width, height] = [this.chart.getWidth(), this.chart.getHeight()];
    // A zoom that is not told yet is newer than what the page knows.
    const zoom = this.telling ? this.view.zoom : view.zoom;
    this.view = { ...view, zoom, width, height, compact: width < 560 };
    this.painted = this.view;
    const readout = ([first]) => first && view.readout(this.bucketAt(first.axisValue));
    this.chart.setOption(option({ ...this.view, readout }), { replaceMerge: ["series", "xAxis", "yAxis", "grid"] });
    this.readAgain();
  }

  // Reads what is under the pointer now; ECharts would keep the time that was there before.
  readAgain() {
    if (!this.under) return;
    const inside = this.chart.containPixel("grid", [this.under.x, this.under.y]);
    this.chart.dispatchAction(inside ? { type: "showTip", ...this.under } : { type: "hideTip" });
  }

  // The wheel or the slider has moved; the axes follow in the next frame.
  zoomed({ start, end, startValue, endValue }) {
    const { from, to } = this.view;
    const at = (percent) => from + ((to - from) * percent) / 100;
    this.keep([startValue ?? at(start), endValue ?? at(end)]);
    cancelAnimationFrame(this.frame);
    this.frame = requestAnimationFrame(() => this.follow());
  }

  // To a range in epoch milliseconds, or to all of it.
  zoom(range) {
    const { from, to } = this.view;
    const [startValue, endValue] = range ?? [from, to];
    this.keep([startValue, endValue]);
    this.follow({ dataZoom: [{ startValue, endValue }, { startValue, endValue }] });
  }

  follow(more = {}) {
    this.chart.setOption({ ...more, ...axes(this.view, this.painted) });
    this.painted = this.view;
    this.readAgain();
  }

  keep(range) {
    const { from, to } = this.view;
    const [start, end] = range.map(Math.round);
    this.view = { ...this.view, zoom: start <= from && end >= to ? null : [start, end] };
    clearTimeout(this.telling);
    this.telling = setTimeout(() => {
      this.telling = null;
      this.told.onZoom(this.view.zoom);
    }, TOLD_MS);
  }

  // In (below 1) or out around the middle of what is seen. Out of all that is there, the page shows more.
  zoomBy(factor) {
    const { from, to, zoom } = this.view;
    if (factor > 1 && !zoom) {
      this.told.onWiden();
      return;
    }
    const [start, end] = zoom ?? [from, to];
    const middle = (start + end) / 2;
    const half = Math.max(((end - start) * factor) / 2, this.view.data.width);
    this.zoom([Math.max(from, middle - half), Math.min(to, middle + half)]);
  }

  // By a quarter of what is seen, to later (1) or earlier (-1), as far as the window goes.
  pan(direction) {
    const { from, to, zoom } = this.view;
    if (!zoom) return;
    const step = (direction * (zoom[1] - zoom[0])) / 4;
    const shift = Math.min(Math.max(step, from - zoom[0]), to - zoom[1]);
    this.zoom([zoom[0] + shift, zoom[1] + shift]);
  }

  // The time of the bucket that is meant by a time under the pointer, 0 for none; what is marked means itself.
  bucketAt(value) {
    if (this.marked) return this.marked;
    const { data, zoom, from, to } = this.view;
    const [start, end] = zoom ?? [from, to];
    const [left, right] = [start, end].map((ms) => this.chart.convertToPixel({ xAxisIndex: 0 }, ms));
    const scales = drawn(this.view).map(({ key, panel = 0 }) => {
      const [low, high] = span(this.view, panel);
      return { key, worth: (high - low) / heights(this.view)[panel] };
    });
    return data.at[meant(data, value, (end - start) / Math.max(1, right - left), scales)] ?? 0;
  }

  pointed(value) {
    if (value === undefined || value === null) return;
    const ms = this.bucketAt(value);
    if (ms > 0) this.told.onPoint(ms);
  }

  picked(value) {
    this.marked = 0;
    const ms = this.bucketAt(value);
    if (ms > 0) this.told.onPick(ms);
  }

  // Marks a time, as pointing at it would; 0 unmarks.
  mark(ms) {
    const { data, series, shown } = this.view;
    const i = ms > 0 ? nearest(data, ms) : -1;
    const one = series.find(({ key }) => shown.includes(key));
    this.marked = data.at[i] ?? 0;
    if (i < 0 || !one) return this.chart.dispatchAction({ type: "hideTip" });
    const x = this.chart.convertToPixel({ xAxisIndex: 0 }, data.at[i]);
    return this.chart.dispatchAction({ type: "showTip", x, y: 24 });
  }

  // The URL of what is seen as a PNG.
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
    // Also a drag that moves what is seen ends in a click.
    const dragged = cover.isConnected || (pressed !== null && Math.abs(x(event) - pressed) >= DRAG_PX);
    start = null;
    cover.remove();
    if (!dragged && inside(event)) plot.picked(time(x(event)));
  };
  const events = [[node, "pointerdown", down], [window, "pointermove", move], [window, "pointerup", up], [node, "click", click]];
  events.forEach(([target, name, act]) => target.addEventListener(name, act));
  return () => events.forEach(([target, name, act]) => target.removeEventListener(name, act));
}
