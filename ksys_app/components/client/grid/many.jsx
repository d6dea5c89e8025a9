// Long lists that render only their visible items and a few around them.
import { useEffect, useLayoutEffect, useRef, useState } from "react";
import { flushSync } from "react-dom";
import { useVirtualizer, useWindowVirtualizer } from "@tanstack/react-virtual";
import { keep, show } from "../lib/useparts.js";

const TILE_PX = 218;
const ROW_PX = 45;
const LINES_AROUND = 2;
const ROWS_AROUND = 12;
// Neighbours of the focused item that stay rendered, because a key can reach them.
const TILES_BESIDE = 1;
const ROWS_BESIDE = 10;

// Tiles in lines of equal height, in as many columns as fit. The page scrolls.
export function ManyTiles({ name, count, renderAllUpTo, children, ...rest }) {
  const box = useRef(null);
  const [{ columns, line, top }, setShape] = useState({ columns: 1, line: TILE_PX, top: 0 });
  const printing = usePrinting();
  const many = count > renderAllUpTo && !printing;
  const lines = many ? Math.ceil(count / columns) : 0;
  const list = useWindowVirtualizer({ count: lines, estimateSize: () => line, overscan: LINES_AROUND, scrollMargin: top });
  useLayoutEffect(() => {
    if (!many) return undefined;
    const measure = () => setShape((before) => sameShape(before, shapeOf(box.current)));
    const observer = new ResizeObserver(measure);
    observer.observe(box.current);
    observer.observe(document.body);
    return () => observer.disconnect();
  }, [many]);
  useLayoutEffect(() => list.measure(), [list, line, columns, top]);
  const { from, to } = visibleRange(list);
  useShown(name, count, printing, many ? { from: from * columns, to: to * columns, columns, beside: TILES_BESIDE } : null);
  const style = many
    ? { paddingTop: from * line, paddingBottom: Math.max(0, lines - to) * line, "--step": `${line}px` }
    : undefined;
  return <div ref={box} style={/** @type {any} */ (style)} onFocus={many ? (event) => keepIn(name, event) : undefined} {...rest}>{children}</div>;
}

// The rows of a table that scrolls in a box.
export function ManyRows({ name, count, renderAllUpTo, children, ...rest }) {
  const body = useRef(null);
  const [row, setRow] = useState(ROW_PX);
  const printing = usePrinting();
  const many = count > renderAllUpTo && !printing;
  const list = useVirtualizer({
    count: many ? count : 0, getScrollElement: () => body.current?.closest(".grid-scroll"), estimateSize: () => row, overscan: ROWS_AROUND,
  });
  useLayoutEffect(() => {
    if (!many) return undefined;
    // Use the observer's call instead of measuring now: an invisible table has no layout.
    const observer = new ResizeObserver(() => {
      const height = body.current.rows[0]?.getBoundingClientRect().height;
      if (height) setRow((before) => (Math.abs(height - before) > 0.5 ? height : before));
    });
    observer.observe(body.current);
    return () => observer.disconnect();
  }, [many]);
  useLayoutEffect(() => list.measure(), [list, row]);
  const { from, to } = visibleRange(list);
  useShown(name, count, printing, many ? { from, to, beside: ROWS_BESIDE } : null);
  const style = many
    ? { "--before": `${from * row}px`, "--after": `${Math.max(0, count - to) * row}px`, "--step": `${row}px` }
    : undefined;
  const focused = (event) => {
    keepIn(name, event);
    const cell = event.target.closest("td");
    body.current.querySelectorAll('td[tabindex="0"]').forEach((other) => other.setAttribute("tabindex", "-1"));
    cell?.setAttribute("tabindex", "0");
  };
  return (
    <tbody ref={body} data-many={many || undefined} style={/** @type {any} */ (style)} onFocus={many ? focused : undefined} {...rest}>
      {children}
    </tbody>
  );
}

// Keeps the focused item rendered, however far it is scrolled away.
function keepIn(name, event) {
  const item = event.target.closest("[aria-posinset], [aria-rowindex]");
  // Row 1 of the grid is its head, item 1 of the list has place 0.
  if (item) keep(name, Number(item.getAttribute("aria-posinset") ?? Number(item.getAttribute("aria-rowindex")) - 1) - 1);
}

function visibleRange(list) {
  const items = list.getVirtualItems();
  return { from: items.at(0)?.index ?? 0, to: (items.at(-1)?.index ?? -1) + 1 };
}

function useShown(name, count, printing, part) {
  const shown = printing ? { from: 0, to: count, columns: 1, beside: 0 } : part;
  useLayoutEffect(() => show(name, shown), [name, ...Object.values(shown ?? {})]);
  useLayoutEffect(() => () => show(name), [name]);
}

function shapeOf(box) {
  const computed = getComputedStyle(box);
  const tile = box.firstElementChild?.getBoundingClientRect().height;
  return {
    columns: computed.gridTemplateColumns.split(" ").length,
    line: tile ? tile + Number.parseFloat(computed.rowGap) : TILE_PX,
    top: box.getBoundingClientRect().top + window.scrollY,
  };
}

// `before` if the shape has not changed, so that React does not render again.
const sameShape = (before, after) =>
  Object.keys(after).every((key) => Math.abs(before[key] - after[key]) < 0.5) ? before : after;

// Whether the page is being printed. Paper cannot scroll, so lists must render all items.
export function usePrinting() {
  const [printing, setPrinting] = useState(false);
  useEffect(() => {
    const onPrint = () => flushSync(() => setPrinting(true));
    const onDone = () => setPrinting(false);
    window.addEventListener("beforeprint", onPrint);
    window.addEventListener("afterprint", onDone);
    return () => {
      window.removeEventListener("beforeprint", onPrint);
      window.removeEventListener("afterprint", onDone);
    };
  }, []);
  return printing;
}
