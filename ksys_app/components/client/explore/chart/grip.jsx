// A button that moves a row of a table by a drag or by the arrow keys.
import { useState } from "react";

export function Grip({ tag, at, count, body, label, onMove }) {
  const [to, setTo] = useState(-1);
  const rows = () => [...body.current.rows];
  // The index of the row at a height of the pointer, px: the first row if the pointer is above all rows, the last one if it is below.
  const indexAt = (y) => {
    const index = rows().findIndex((row) => y < row.getBoundingClientRect().bottom);
    return index < 0 ? count - 1 : index;
  };
  // Marks the row at which the dragged row would be dropped; -1 marks none.
  const markTarget = (target) => {
    setTo(target);
    rows().forEach((row, n) => {
      row.dataset.drop = n === target && target !== at ? (target < at ? "before" : "after") : "";
    });
  };
  const down = (event) => {
    if (event.button !== 0) return;
    event.currentTarget.setPointerCapture(event.pointerId);
    markTarget(at);
  };
  const move = (event) => event.currentTarget.hasPointerCapture(event.pointerId) && markTarget(indexAt(event.clientY));
  const up = (event) => {
    const target = to;
    markTarget(-1);
    if (event.type === "pointerup" && target >= 0 && target !== at) onMove(target);
  };
  const keyPressed = (event) => {
    const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (!step || event.altKey) return;
    event.preventDefault();
    onMove(at + step);
  };
  return (
    <button type="button" className="leg-grip" aria-label={label} title={label} data-testid="leg-grip" data-for={tag} disabled={count < 2} data-dragged={to >= 0}
      onPointerDown={down} onPointerMove={move} onPointerUp={up} onPointerCancel={up} onKeyDown={keyPressed}>
      <span aria-hidden="true">⠿</span>
    </button>
  );
}
