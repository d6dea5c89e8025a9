// The tags of the chart as a table: the colours of their lines, their figures in the shown time, and their values at the cursor.
import { useEffect, useMemo, useRef, useState } from "react";
import { Link } from "react-router";
import { Digits } from "../../grid/digits.jsx";
import { Name } from "../../grid/name.jsx";
import { DASH, figure } from "../../lib/figures.js";
import { fill } from "../../lib/words.js";
import { stamp } from "../../lib/zone.js";
import { useExplore } from "../store.jsx";
import { entriesOf, figuresOf, hiddenAfter, moveTag, valuesAt } from "./entries.js";
import { Grip } from "./grip.jsx";
import { Silent } from "./silent.jsx";

const FIGURES = ["last", "min", "max", "mean"];

export function Legend() {
  const { tags, data, hidden, colour, range, cursor, compare, timeQuery, act, x, zone } = useExplore();
  const entries = useMemo(() => (data ? entriesOf({ data, hidden, colour }) : []), [data, hidden, tags]);
  const figures = useMemo(() => entries.map(({ line }) => figuresOf(line, range)), [entries, range]);
  const [announcement, move] = useMoves(tags, act, x);
  const remove = useRemoval(tags, data, act);
  const body = useRef(null);
  if (!data) return null;
  const hide = (tag, solo) => act.hide(hiddenAfter(tags, hidden, tag, solo));
  const rows = entries.map((entry, at) => ({ ...entry, figures: figures[at], ...valuesAt(entry, cursor.ms, data.bucketS) }));
  return (
    <div className="explore-legend" data-testid="explore-legend" data-cursor={cursor.ms > 0}>
      <table>
        <caption className="sr-only">{x.leg_caption}</caption>
        <thead>
          <tr>
            <th scope="col" className="leg-order"><span className="sr-only">{x.leg_order}</span></th>
            <th scope="col" className="leg-swatch"><span className="sr-only">{x.leg_shown}</span></th>
            <th scope="col" className="leg-name">{x.leg_tag}</th>
            <th scope="col" className="num leg-cursor" title={x.leg_cursor_title}>{cursor.ms > 0 ? <time>{stamp(cursor.ms, zone).slice(5, 19)}</time> : x.leg_cursor}</th>
            {compare ? <th scope="col" className="num leg-then">{x.leg_compared}</th> : null}
            {compare ? <th scope="col" className="num leg-gap">Δ</th> : null}
            {FIGURES.map((key) => {
              const name = textNameOf(key, data.bucketS);
              return <th key={key} scope="col" className={`num leg-${key}`} title={x[`leg_${name}_title`]}>{x[`leg_${name}`]}</th>;
            })}
            <th scope="col" className="leg-unit">{x.leg_unit}</th>
            <th scope="col" className="leg-remove"><span className="sr-only">{x.leg_remove_head}</span></th>
          </tr>
        </thead>
        <tbody ref={body}>
          {rows.map((row, at) => (
            <Row key={row.tag} row={row} at={at} count={rows.length} body={body} compare={compare} timeQuery={timeQuery} x={x} move={move} hide={hide}
              alone={rows.length > 1 && rows.every(({ tag, hidden: isHidden }) => isHidden !== (tag === row.tag))}
              remove={() => remove(row.tag)} />
          ))}
        </tbody>
      </table>
      <span className="sr-only" role="status" aria-live="polite">{announcement}</span>
    </div>
  );
}

// The name of a figure in the keys of its texts. `last` is the last mean of a bucket; only for samples it is the last value, as in
// the statistics.
const textNameOf = (key, bucketS) => (key === "last" && bucketS > 0 ? "last_mean" : key);

function Row({ row, at, count, body, compare, timeQuery, x, move, hide, alone, remove }) {
  const { tag, title, unit, decimals, hidden, figures, line } = row;
  const silent = line.at.length === 0;
  const number = (value) => (value === null || value === undefined ? DASH : <Digits text={figure(value, decimals)} />);
  const keyPressed = (event) => {
    const step = event.altKey && { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (!step) return;
    event.preventDefault();
    move(tag, at + step);
  };
  return (
    <tr data-tag={tag} data-hidden={hidden} data-silent={silent} onKeyDown={keyPressed}>
      <td className="leg-order"><Grip tag={tag} at={at} count={count} body={body} label={fill(x.leg_move, { name: tag })} onMove={(to) => move(tag, to)} /></td>
      <td className="leg-swatch">
        <button type="button" aria-pressed={!hidden} aria-label={fill(x.leg_show, { name: tag })} title={x.leg_show_title} data-testid="leg-show"
          onClick={(event) => hide(tag, event.altKey)}><Swatch {...row} /></button>
      </td>
      <th scope="row" className="leg-name">
        <div className="leg-names">
          <Link to={trendLink(tag, timeQuery)}><Name text={tag} /></Link>
          {title ? <span className="about" title={title}>{title}</span> : null}
          {count > 1 ? (
            <button type="button" className="leg-solo" aria-pressed={alone} aria-label={fill(x.leg_solo_name, { name: tag })} data-testid="leg-solo"
              onClick={() => hide(tag, true)}>{x.leg_solo}</button>
          ) : null}
          {/* The chart says it of a tag that is alone. */}
          {silent && count > 1 ? <Silent tag={tag} unit={unit} title={title} /> : null}
        </div>
      </th>
      <td className="num leg-cursor" data-testid="leg-cursor">{number(row.value)}</td>
      {compare ? <td className="num leg-then" data-testid="leg-compared">{number(row.compared)}</td> : null}
      {compare ? <td className="num leg-gap" data-testid="leg-gap">{number(row.difference)}</td> : null}
      {FIGURES.map((key) => <td key={key} className={`num leg-${key}`} data-testid={`leg-${key}`}>{number(figures?.[key])}</td>)}
      <td className="leg-unit">{unit}</td>
      <td className="leg-remove">
        {count > 1 ? (
          <button type="button" className="tool" aria-label={fill(x.leg_remove, { name: tag })} title={fill(x.leg_remove, { name: tag })} data-testid="leg-remove"
            onClick={remove}><span aria-hidden="true">×</span></button>
        ) : null}
      </td>
    </tr>
  );
}

// A line as it is drawn: with its band, unless it is of means only.
function Swatch({ colour, repeated, figures }) {
  const band = figures?.min !== null;
  return (
    <svg viewBox="0 0 28 12" width="28" height="12" aria-hidden="true" className="swatch">
      {band ? <path d="M2 0h24v12H2z" fill={`var(--series-${colour})`} opacity="0.2" /> : null}
      <path d="M2 6h24" stroke={`var(--series-${colour})`} strokeWidth="2.5" strokeDasharray={repeated ? "9 3 2 3" : undefined} fill="none" />
    </svg>
  );
}

// The link to the page of one tag, over the same time.
function trendLink(tag, timeQuery) {
  const query = new URLSearchParams(timeQuery);
  query.delete("bucket");
  return `/trend?${new URLSearchParams([["tag", tag], ...query])}`;
}

// The last announcement for a screen reader, and a function that moves a tag to an index. The moved tag keeps the focus.
function useMoves(tags, act, x) {
  const [announcement, setAnnouncement] = useState("");
  const movedTag = useRef("");
  useEffect(() => {
    if (!movedTag.current) return;
    const grip = document.querySelector(`[data-tag="${CSS.escape(movedTag.current)}"] .leg-grip`);
    if (grip instanceof HTMLElement) grip.focus({ preventScroll: true });
    setAnnouncement(fill(x.leg_moved, { name: movedTag.current, n: String(tags.indexOf(movedTag.current) + 1), all: String(tags.length) }));
    movedTag.current = "";
  }, [tags]);
  const move = (tag, to) => {
    const order = moveTag(tags, tag, to);
    if (order.every((name, at) => name === tags[at])) return;
    movedTag.current = tag;
    act.chooseTags(order);
  };
  return /** @type {[string, (tag: string, to: number) => void]} */ ([announcement, move]);
}

// A function that removes a tag. Then the row after it, or before it if it was the last one, gets the focus, which the removed row had.
function useRemoval(tags, data, act) {
  const removed = useRef({ tag: "", beside: "" });
  useEffect(() => {
    const { tag, beside } = removed.current;
    // While the series of the other tags are fetched, there is no row.
    if (!tag || !data || tags.includes(tag)) return;
    removed.current = { tag: "", beside: "" };
    const button = document.querySelector(`[data-tag="${CSS.escape(beside)}"] .leg-swatch button`);
    if (button instanceof HTMLElement && document.activeElement === document.body) button.focus({ preventScroll: true });
  }, [tags, data]);
  return (tag) => {
    const at = tags.indexOf(tag);
    removed.current = { tag, beside: tags[at + 1] ?? tags[at - 1] };
    act.chooseTags(tags.filter((name) => name !== tag));
  };
}
