// A table whose cells the arrow keys focus and a button copies. Enter or a click opens the row. The time of the hovered or
// focused row is the cursor of the chart beside the table.
import { useEffect, useRef, useState } from "react";
import { point, seek, useCursor, useSought } from "../lib/cursor.js";
import { toClipboard } from "../lib/clipboard.js";

export function Grid({ copyLabel, copiedLabel, found, onOpen, children, ...rest }) {
  const root = useRef(null);
  const button = useRef(null);
  const [hovered, setHovered] = useState(null);
  const [copied, setCopied] = useState("");
  useMarkedRow(root);
  useSoughtRow(root, found);
  useEffect(() => {
    if (!copied) return undefined;
    const timer = setTimeout(() => setCopied(""), 1500);
    return () => clearTimeout(timer);
  }, [copied]);

  const copy = async (cell) => {
    const text = cell.dataset.copy ?? cell.innerText;
    await toClipboard(text);
    setCopied(text);
  };
  const onKeyDown = (event) => {
    const cell = event.target.closest("td");
    if (cell) return onCellKey(event, cell);
    return undefined;
  };
  const onCellKey = (event, cell) => {
    const row = cell.parentElement;
    if (event.key === "Enter") return onOpen?.(row.dataset.tag);
    if ((event.ctrlKey || event.metaKey) && event.key === "c" && getSelection().isCollapsed) {
      event.preventDefault();
      return copy(cell);
    }
    if (toEnd(row.parentElement, cell.cellIndex, event.key, root.current)) return event.preventDefault();
    const target = neighbour(cell, row, event.key);
    // A phone hides some columns.
    if (target?.offsetParent) {
      event.preventDefault();
      focus(root.current, target);
    }
    return undefined;
  };
  return (
    <>
      <div
        ref={root}
        className="grid-scroll"
        onKeyDown={onKeyDown}
        onMouseLeave={() => {
          setHovered(null);
          point(0, "");
        }}
        onFocus={(event) => pointAt(event.target)}
        onMouseOver={(event) => {
          if (button.current?.contains(event.target)) return;
          pointAt(event.target);
          setHovered(closest(event, "td"));
        }}
        onClick={(event) => {
          const row = closest(event, "tbody tr");
          if (row && getSelection().isCollapsed && !button.current?.contains(event.target)) {
            onOpen?.(row.dataset.tag);
          }
        }}
        {...rest}
      >
        {children}
        {hovered && hovered.isConnected ? (
          <button ref={button} type="button" tabIndex={-1} className="copy-button" style={placeOver(hovered)}
            title={copyLabel} aria-label={copyLabel} onClick={() => copy(hovered)}>
            <svg viewBox="0 0 24 24" width="12" height="12" aria-hidden="true" fill="none"
              stroke="currentColor" strokeWidth="2" strokeLinejoin="round">
              <path d="M9 9h11v11H9zM5 15H4V4h11v1" />
            </svg>
          </button>
        ) : null}
      </div>
      <span role="status" aria-live="polite" className="copied" data-on={copied !== ""}>
        {copied ? copiedLabel.replace("{text}", copied) : ""}
      </span>
    </>
  );
}

function pointAt(target) {
  const row = target.closest("tr[data-ms]");
  if (row) point(Number(row.dataset.ms), "table");
}

// Marks the row at the cursor of the chart in the document itself, so that React renders no row again.
function useMarkedRow(root) {
  const { ms } = useCursor();
  useEffect(() => {
    const row = ms > 0 ? root.current?.querySelector(`tr[data-ms="${ms}"]`) : null;
    row?.setAttribute("data-pointed", "true");
    return () => row?.removeAttribute("data-pointed");
  }, [root, ms]);
}

// Scrolls the requested row into view, as soon as the page of the table that has it is loaded.
function useSoughtRow(root, found) {
  const ms = useSought();
  useEffect(() => {
    const row = ms > 0 && ms === found ? root.current?.querySelector(`tr[data-ms="${ms}"]`) : null;
    if (!row) return;
    row.scrollIntoView({ block: "nearest" });
    seek(0);
  });
}

function neighbour(cell, row, key) {
  const rows = [...row.parentElement.rows];
  const at = rows.indexOf(row);
  const pick = (index) => rows[Math.min(Math.max(index, 0), rows.length - 1)].cells[cell.cellIndex];
  return {
    ArrowDown: () => pick(at + 1),
    ArrowUp: () => pick(at - 1),
    PageDown: () => pick(at + 10),
    PageUp: () => pick(at - 10),
    Home: () => pick(0),
    End: () => pick(rows.length - 1),
    ArrowRight: () => cell.nextElementSibling,
    ArrowLeft: () => cell.previousElementSibling,
  }[key]?.();
}

// Moves the focus to the first or the last row of a long table, which must be rendered before it can get the focus.
function toEnd(body, column, key, root) {
  if (!body.dataset.many || (key !== "Home" && key !== "End")) return false;
  const box = body.closest(".grid-scroll");
  box.scrollTop = key === "Home" ? 0 : box.scrollHeight;
  const focusCell = () => focus(root, body.rows[key === "Home" ? 0 : body.rows.length - 1].cells[column]);
  requestAnimationFrame(() => requestAnimationFrame(focusCell));
  return true;
}

function focus(root, cell) {
  root.querySelectorAll('td[tabindex="0"]').forEach((other) => other.setAttribute("tabindex", "-1"));
  cell.setAttribute("tabindex", "0");
  cell.focus();
}

function placeOver(cell) {
  const right = cell.classList.contains("num");
  return {
    top: `${cell.offsetTop + (cell.offsetHeight - 22) / 2}px`,
    left: `${right ? cell.offsetLeft + 2 : cell.offsetLeft + cell.offsetWidth - 24}px`,
  };
}

/** @returns {HTMLElement | null} */
const closest = (event, selector) => event.target.closest(selector);
