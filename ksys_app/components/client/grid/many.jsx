// Long lists of which only what is in sight, and a little around it, is in the document.
import { useEffect, useLayoutEffect, useRef, useState } from "react";
import { flushSync } from "react-dom";
import { useVirtualizer, useWindowVirtualizer } from "@tanstack/react-virtual";
import { keep, show } from "../lib/useparts.js";

const TILE_PX = 218;
const ROW_PX = 45;
const LINES_AROUND = 2;
const ROWS_AROUND = 12;
// Beside the item that has the focus: what the keys reach from it.
const TILES_BESIDE = 1;
const ROWS_BESIDE = 10;

// Tiles in lines of equal height, as many beside each other as fit; the page scrolls.
export function ManyTiles({ name, count, whole, children, ...rest }) {
  const box = useRef(null);
  const [{ columns, line, top }, setShape] = useState({ columns: 1, line: TILE_PX, top: 0 });
  const printing = usePrinting();
  const many = count > whole && !printing;
  const lines = many ? Math.ceil(count / columns) : 0;
  const list = useWindowVirtualizer({ count: lines, estimateSize: () => line, overscan: LINES_AROUND, scrollMargin: top });
  useLayoutEffect(() => {
    if (!many) return undefined;
    const measure = () => setShape((before) => settled(before, shapeOf(box.current)));
    const sizes = new ResizeObserver(measure);
    sizes.observe(box.current);
    sizes.observe(document.body);
    return () => sizes.disconnect();
  }, [many]);
  useLayoutEffect(() => list.measure(), [list, line, columns, top]);
  const { from, to } = inSight(list);
  useShown(name, count, printing, many ? { from: from * columns, to: to * columns, columns, beside: TILES_BESIDE } : null);
  const room = many
    ? { paddingTop: from * line, paddingBottom: Math.max(0, lines - to) * line, "--step": `${line}px` }
    : undefined;
  return <div ref={box} style={/** @type {any} */ (room)} onFocus={many ? (event) => keepIn(name, event) : undefined} {...rest}>{children}</div>;
}

// Rows of a table that scrolls in its own box.
export function ManyRows({ name, count, whole, children, ...rest }) {
  const body = useRef(null);
  const [row, setRow] = useState(ROW_PX);
  const printing = usePrinting();
  const many = count > whole && !printing;
  const list = useVirtualizer({
    count: many ? count : 0, getScrollElement: () => body.current?.closest(".grid-scroll"), estimateSize: () => row, overscan: ROWS_AROUND,
  });
  useLayoutEffect(() => {
    if (!many) return undefined;
    // Told by the layout, not asked of it: a table that is out of sight has none.
    const sizes = new ResizeObserver(() => {
      const height = body.current.rows[0]?.getBoundingClientRect().height;
      if (height) setRow((before) => (Math.abs(height - before) > 0.5 ? height : before));
    });
    sizes.observe(body.current);
    return () => sizes.disconnect();
  }, [many]);
  useLayoutEffect(() => list.measure(), [list, row]);
  const { from, to } = inSight(list);
  useShown(name, count, printing, many ? { from, to, beside: ROWS_BESIDE } : null);
  const room = many
    ? { "--before": `${from * row}px`, "--after": `${Math.max(0, count - to) * row}px`, "--step": `${row}px` }
    : undefined;
  const focused = (event) => {
    keepIn(name, event);
    const cell = event.target.closest("td");
    body.current.querySelectorAll('td[tabindex="0"]').forEach((other) => other.setAttribute("tabindex", "-1"));
    cell?.setAttribute("tabindex", "0");
  };
  return (
    <tbody ref={body} data-many={many || undefined} style={/** @type {any} */ (room)} onFocus={many ? focused : undefined} {...rest}>
      {children}
    </tbody>
  );
}

// What has the focus stays in the document, however far it is scrolled away.
function keepIn(name, event) {
  const item = event.target.closest("[aria-posinset], [aria-rowindex]");
  // The first row is the head.
  if (item) keep(name, Number(item.getAttribute("aria-posinset") ?? Number(item.getAttribute("aria-rowindex")) - 1) - 1);
}

function inSight(list) {
  const items = list.getVirtualItems();
  return { from: items.at(0)?.index ?? 0, to: (items.at(-1)?.index ?? -1) + 1 };
}

function useShown(name, count, printing, part) {
  const shown = printing ? { from: 0, to: count, columns: 1, beside: 0 } : part;
  useLayoutEffect(() => show(name, shown), [name, ...Object.values(shown ?? {})]);
  useLayoutEffect(() => () => show(name), [name]);
}

function shapeOf(box) {
  const style = getComputedStyle(box);
  const tile = box.firstElementChild?.getBoundingClientRect().height;
  return {
    columns: style.gridTemplateColumns.split(" ").length,
    line: tile ? tile + Number.parseFloat(style.rowGap) : TILE_PX,
    top: box.getBoundingClientRect().top + window.scrollY,
  };
}

// The same object where nothing has changed, so that nothing is drawn anew.
const settled = (before, after) =>
  Object.keys(after).every((key) => Math.abs(before[key] - after[key]) < 0.5) ? before : after;

// Paper has no scroll: everything is printed.
export function usePrinting() {
  const [printing, setPrinting] = useState(false);
  useEffect(() => {
    const begin = () => flushSync(() => setPrinting(true));
    const end = () => setPrinting(false);
    window.addEventListener("beforeprint", begin);
    window.addEventListener("afterprint", end);
    return () => {
      window.removeEventListener("beforeprint", begin);
      window.removeEventListener("afterprint", end);
    };
  }, []);
  return printing;
}
