// The elements over the canvas, which move without a new drawing of it: cursor, selected part with two edges, dragged range, tooltip.
import { stamp } from "../../lib/zone.js";

const EDGES = ["from", "to"];
// The step of an arrow key at an edge, as a share of the shown time, and the step with Shift.
const STEP = 0.01;
const SHIFT_STEP = 0.1;
const TIP_PX = 14;

export class Overlay {
  // `handlers`: onPart(range), and timeAt(x), the time at a place.
  constructor(node, handlers) {
    this.node = node;
    this.handlers = handlers;
    const append = (className) => {
      const element = document.createElement("div");
      element.className = className;
      element.hidden = true;
      node.append(element);
      return element;
    };
    this.shade = append("explore-part");
    this.dragged = append("explore-drag");
    this.cursor = append("explore-cursor");
    this.edges = EDGES.map((name) => this.asEdge(append("explore-edge"), name));
    this.tip = append("explore-tip");
  }

  dispose() {
    [this.shade, this.dragged, this.cursor, ...this.edges, this.tip].forEach((element) => element.remove());
  }

  // Makes an element an edge of the selected part, which a drag or keys move.
  asEdge(node, name) {
    node.tabIndex = 0;
    node.setAttribute("role", "slider");
    node.dataset.edge = name;
    node.addEventListener("keydown", (event) => this.keyPressed(event, name));
    node.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      event.stopPropagation();
      node.setPointerCapture(event.pointerId);
    });
    node.addEventListener("pointermove", (event) => {
      if (!node.hasPointerCapture(event.pointerId)) return;
      event.stopPropagation();
      this.draft = this.withEdge(name, this.handlers.timeAt(event.clientX - this.node.getBoundingClientRect().left));
      this.arrange();
    });
    const finishDrag = (event) => {
      if (!this.draft) return;
      event.stopPropagation();
      const part = this.draft;
      this.draft = null;
      this.handlers.onPart(part);
    };
    node.addEventListener("pointerup", finishDrag);
    node.addEventListener("pointercancel", finishDrag);
    return node;
  }

  keyPressed(event, name) {
    const { from, to } = this.scene;
    const step = Math.max(1000, (to - from) * (event.shiftKey ? SHIFT_STEP : STEP));
    const [start, end] = this.part();
    const edge = name === "from" ? start : end;
    const ms = { ArrowLeft: edge - step, ArrowDown: edge - step, ArrowRight: edge + step, ArrowUp: edge + step, Home: from, End: to }[event.key];
    if (ms === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    this.handlers.onPart(this.withEdge(name, ms));
  }

  // The selected part, or the one that a drag of an edge makes.
  part() {
    return this.draft ?? this.view.part;
  }

  // The selected part with one edge moved to a time. An edge stops before the other edge and at the ends of the time.
  withEdge(name, ms) {
    const { from, to, step } = this.view;
    const [start, end] = this.part();
    const minLength = Math.max(1000, step ?? 0);
    const at = Math.round(Math.min(to, Math.max(from, ms)));
    return name === "from" ? [Math.min(at, end - minLength), end] : [start, Math.max(at, start + minLength)];
  }

  show(scene, view) {
    this.scene = scene;
    this.view = view;
    this.arrange();
  }

  // Moves all elements to the places of the scene and of the view.
  arrange() {
    const { scene, view } = this;
    const { panels, grid, from, to } = scene;
    const last = panels.at(-1);
    this.bounds = { top: panels[0].top, height: last.top + last.height - panels[0].top };
    const x = (ms) => grid.left + ((ms - from) / (to - from)) * grid.width;
    const visible = (ms) => ms >= from && ms <= to;
    const part = this.part();
    const shadePx = part && part[0] < to && part[1] > from ? part.map((ms) => x(Math.min(to, Math.max(from, ms)))) : null;
    this.placeElement(this.shade, shadePx && [shadePx[0], shadePx[1] - shadePx[0]]);
    this.edges.forEach((node, at) => {
      const shown = Boolean(part && visible(part[at]));
      this.placeElement(node, shown ? [x(part[at]), null] : null);
      if (!shown) return;
      const attributes = { label: view.words[EDGES[at]], valuetext: stamp(part[at], view.look.zone), valuemin: view.from, valuemax: view.to, valuenow: part[at] };
      Object.entries(attributes).forEach(([key, value]) => node.setAttribute(`aria-${key}`, String(value)));
    });
    const { ms, by } = view.cursor;
    this.placeElement(this.cursor, ms > 0 && visible(ms) ? [x(ms), null] : null);
    this.showTip(ms > 0 && visible(ms) && (by === "chart" || by === "keys") ? ms : 0, x(ms));
  }

  // Shows an element over the height of the panels; `box` is [left, width or null], px. Without a box the element is hidden.
  placeElement(node, box) {
    node.hidden = !box;
    if (!box) return;
    const { top, height } = this.bounds;
    const [left, boxWidth] = box;
    const width = boxWidth === null ? "" : `;width:${Math.max(1, boxWidth)}px`;
    node.style.cssText = `left:${left}px;top:${top}px;height:${height}px${width}`;
  }

  // Shows the dragged range between two places, px; `action` is `zoom` or `part`. With an empty action the range is hidden.
  showDrag(start, end, action) {
    const [left, right] = [start, end].sort((a, b) => a - b).map((x) => Math.min(this.scene.grid.left + this.scene.grid.width, Math.max(this.scene.grid.left, x)));
    this.dragged.dataset.what = action;
    this.placeElement(this.dragged, action ? [left, right - left] : null);
  }

  // Shows the values at a time beside the cursor, on the side that has room for them; 0 hides them.
  showTip(ms, x) {
    const content = ms > 0 ? this.view.readout(ms) : null;
    this.tip.hidden = !content;
    if (!content) return;
    this.tip.replaceChildren(content);
    const { width } = this.scene;
    const fitsRight = x + TIP_PX + this.tip.offsetWidth <= width;
    const left = fitsRight ? x + TIP_PX : Math.max(0, x - TIP_PX - this.tip.offsetWidth);
    this.tip.style.cssText = `left:${left}px;top:${this.bounds.top + 4}px`;
  }
}
