// The list of alarms. Only its visible rows are rendered. The arrow keys move through it, and letters are actions.
import { useEffect, useId, useLayoutEffect, useMemo, useRef, useState, useSyncExternalStore } from "react";
import { useVirtualizer } from "@tanstack/react-virtual";
import { keyOf, waits } from "./snapshot.js";
import { nextRow } from "./stablelines.js";
import { Row } from "./row.jsx";
import { Priority } from "./words.jsx";
import { usePrinting } from "../grid/many.jsx";
import { useLive } from "../shell/live.jsx";
import { useWords } from "../lib/usewords.js";
import { counted } from "../lib/words.js";

const ROW_PX = 52;
const NARROW_PX = 108;
const HEAD_PX = 34;
const OVERSCAN = 10;
const CHORD_MS = 1500;
const TYPING = "input:not([type=checkbox]), textarea, select, [contenteditable=true], [role=menu]";

export function List({ items, by, aside, picked, may, actions, label }) {
  const { zone } = useLive();
  const words = useWords();
  const al = words.alarms;
  const box = useRef(null);
  const id = useId();
  const narrow = useNarrow();
  const printing = usePrinting();
  const [active, setActive] = useState("");
  const index = useMemo(() => items.findIndex(({ key }) => key === active), [items, active]);
  const list = useVirtualizer({
    count: items.length, getScrollElement: () => box.current, overscan: OVERSCAN, getItemKey: (at) => items[at].key,
    estimateSize: (at) => (items[at].row ? (narrow ? NARROW_PX : ROW_PX) : HEAD_PX),
  });
  useLayoutEffect(() => list.measure(), [list, narrow, items.length]);
  const moveTo = (to) => {
    setActive(items[to].key);
    list.scrollToIndex(to, { align: "auto" });
  };
  useKeys({ items, index, moveTo, actions, aside });
  const shown = printing ? items.map((_, at) => ({ index: at, start: 0 })) : list.getVirtualItems();
  const activeRendered = shown.some(({ index: at }) => at === index);
  return (
    <div className="al-frame" data-aside={aside}>
      <div ref={box} role="grid" tabIndex={0} aria-label={label} aria-multiselectable="true" aria-rowcount={items.length + 1} className="al-grid"
        aria-activedescendant={activeRendered ? `${id}${index}` : undefined} data-testid="alarm-list" data-printing={printing}
        onFocus={() => index < 0 && items.length > 0 && setActive(items.find(({ row }) => row)?.key ?? "")}>
        <div role="row" aria-rowindex={1} className="al-head">
          {["pick", "state", "tag", "what", "value", aside ? "until" : "since", aside ? "aside" : "who", "do"].map((name) => (
            <span key={name} role="columnheader" className={name === "pick" || name === "do" ? "sr-only" : ""}>{al[`col_${name}`]}</span>
          ))}
        </div>
        <div role="rowgroup" className="al-body" style={printing ? undefined : { height: list.getTotalSize() }}>
          {shown.map(({ index: at, start }) => {
            const item = items[at];
            const place = printing ? undefined : { transform: `translateY(${start}px)` };
            if (!item.row) return <Head key={item.key} at={at} item={item} by={by} al={al} style={place} />;
            const selected = picked.has(keyOf(item.row));
            return (
              <div key={item.key} id={`${id}${at}`} role="row" aria-rowindex={at + 2} aria-selected={selected} className="al-row" style={place}
                data-testid={`alarm-${item.row.tag_name}`} data-state={item.over ? "over" : item.row.state} data-priority={item.row.priority}
                data-active={at === index} data-waits={!item.over && waits(item.row)}
                onPointerDown={() => setActive(item.key)}
                onClick={() => getSelection().isCollapsed && actions.open(item.row)}>
                <Row row={item.row} over={Boolean(item.over)} selected={selected} may={may} zone={zone} words={words} actions={actions} aside={aside} />
              </div>
            );
          })}
        </div>
      </div>
    </div>
  );
}

function Head({ at, item, by, al, style }) {
  const name = by === "priority" ? al[`prio_${item.head}`] : item.head || al.no_group;
  const topPriority = item.rows[0]?.priority;
  return (
    <div role="row" aria-rowindex={at + 2} className="al-group" style={style}>
      <span role="gridcell">
        {topPriority ? <Priority priority={topPriority} quiet={!item.rows.some(waits)} /> : null}
        <strong>{name}</strong> <span className="about">{counted(al.n_alarms, item.rows.length)}</span>
      </span>
    </div>
  );
}

// One handler for the page, so that the keys work before a click. The second key of a chord such as `g a` is ignored here.
function useKeys({ items, index, moveTo, actions, aside }) {
  const latest = useRef(null);
  latest.current = { items, index, moveTo, actions, aside };
  useEffect(() => {
    let chord = 0;
    const onKeyDown = (event) => {
      const { items, index, moveTo, actions, aside } = latest.current;
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.target.closest?.(TYPING) || document.querySelector("[role=dialog]")) return;
      const second = Date.now() - chord < CHORD_MS;
      chord = event.key === "g" ? Date.now() : 0;
      if (second) return;
      const inside = event.target.closest?.("[role=grid]");
      const to = inside || "jk".includes(event.key) ? nextRow(items, index, event.key) : null;
      const item = items[index];
      const row = item && !item.over ? item.row : null;
      const button = !inside && event.target.closest?.("a, button");
      const act = {
        a: () => !aside && actions.ackChosen(row),
        t: () => !aside && actions.takeChosen(row),
        s: () => !aside && actions.shelveChosen(row),
        " ": () => inside && row && actions.select(row),
        Enter: () => inside && item?.row && actions.open(item.row),
        Escape: () => actions.clear(),
      }[event.key];
      if (to !== null) moveTo(to);
      else if (!act || (button && (event.key === " " || event.key === "Enter"))) return;
      else if (act() === false) return;
      event.preventDefault();
    };
    window.addEventListener("keydown", onKeyDown);
    return () => window.removeEventListener("keydown", onKeyDown);
  }, []);
}

const NARROW = "(max-width: 767px)";

function useNarrow() {
  return useSyncExternalStore((listener) => {
    const query = matchMedia(NARROW);
    query.addEventListener("change", listener);
    return () => query.removeEventListener("change", listener);
  }, () => matchMedia(NARROW).matches, () => false);
}
