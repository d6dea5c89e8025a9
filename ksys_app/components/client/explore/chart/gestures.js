// Pointer and wheel over the chart: a drag zooms or selects a part, a wheel with a key zooms or moves, a finger moves the cursor.

const DRAG_PX = 6;
const WHEEL_STEP = 0.0025;

// Listens to the events of a plot. Returns a function that stops it.
export function followPointer(plot) {
  const { node } = plot;
  let drag = null;
  const positionOf = (event) => {
    const box = node.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  const down = (event) => {
    const [x, y] = positionOf(event);
    if (event.button !== 0 || !plot.inside(x, y) || event.target.closest?.("[role=slider]")) return;
    const selects = event.shiftKey || plot.view.selecting;
    const touch = event.pointerType === "touch";
    drag = { x, action: selects ? "part" : touch ? "cursor" : "zoom", moved: false };
    if (touch) moveCursor(x);
  };
  const moveCursor = (x) => plot.handlers.onPoint(plot.bucketAt(x));
  const move = (event) => {
    // Without a drag only the events of the chart count. A drag goes on outside of the chart, so it follows those of the window.
    if ((event.currentTarget === node) === Boolean(drag)) return;
    const [x, y] = positionOf(event);
    if (!drag) {
      if (plot.inside(x, y)) moveCursor(x);
      else plot.handlers.onPoint(0);
      return;
    }
    drag.moved ||= Math.abs(x - drag.x) >= DRAG_PX;
    if (drag.action === "cursor") moveCursor(x);
    else if (drag.moved) plot.overlay.showDrag(drag.x, x, drag.action);
  };
  const up = (event) => {
    if (!drag) return;
    const { action, moved, x: start } = drag;
    drag = null;
    plot.overlay.showDrag(0, 0, "");
    if (!moved || event.type === "pointercancel") return;
    const range = [start, positionOf(event)[0]].map((x) => Math.round(plot.timeAt(x))).sort((a, b) => a - b);
    if (action === "zoom") plot.zoom(range);
    if (action === "part") plot.select(range);
  };
  const leave = (event) => {
    if (!drag && event.pointerType !== "touch") plot.handlers.onPoint(0);
  };
  const wheel = (event) => {
    const sideways = event.shiftKey ? event.deltaY || event.deltaX : Math.abs(event.deltaX) > Math.abs(event.deltaY) ? event.deltaX : 0;
    if (!plot.scene || (!event.ctrlKey && !sideways)) {
      if (plot.scene) plot.handlers.onWheel();
      return;
    }
    // A wheel does not ask for a wider window; only the key and the button do.
    if (!plot.view.zoom && (!event.ctrlKey || event.deltaY > 0)) {
      if (event.ctrlKey) event.preventDefault();
      return;
    }
    event.preventDefault();
    if (event.ctrlKey) plot.zoomBy(Math.exp(event.deltaY * WHEEL_STEP), plot.timeAt(positionOf(event)[0]));
    else plot.pan(sideways * WHEEL_STEP * 0.5);
  };
  const zoomOut = () => plot.scene && plot.zoom(null);
  const events = [
    [node, "pointerdown", down], [node, "pointermove", move], [window, "pointermove", move], [window, "pointerup", up],
    [window, "pointercancel", up], [node, "pointerleave", leave], [node, "dblclick", zoomOut],
  ];
  events.forEach(([target, name, listener]) => target.addEventListener(name, listener));
  node.addEventListener("wheel", wheel, { passive: false });
  return () => {
    events.forEach(([target, name, listener]) => target.removeEventListener(name, listener));
    node.removeEventListener("wheel", wheel);
  };
}
