// The page of the alarms: counts, filters, the list, and actions on its selected rows.
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { useLocation } from "react-router";
import { asideCount, keyOf, assignable, waits } from "./snapshot.js";
import { GROUPINGS, filterRows, fromQuery, grouped, isFiltered, toQuery } from "./filter.js";
import { NO_LINES, stableLines } from "./stablelines.js";
import { useAlarms, useAside } from "./store.js";
import { useActions, usePermissions } from "./actions.jsx";
import { Counts } from "./counts.jsx";
import { Detail } from "./detail.jsx";
import { List } from "./list.jsx";
import { Tabs } from "./tabs.jsx";
import { SearchBox } from "../shell/controls.jsx";
import { Steady } from "../grid/steady.jsx";
import { at } from "../lib/paths.js";
import { useWords } from "../lib/usewords.js";
import { counted, fill } from "../lib/words.js";

const REST_S = 60;
const FILTER_MS = 150;

export function AlarmBoard() {
  const { held, link } = useAlarms();
  const { alarms: al } = useWords();
  const [filter, change] = useFilter();
  const aside = filter.view === "aside";
  const asideRows = useAside(aside);
  const all = aside ? asideRows : held.rows;
  const rows = useMemo(() => filterRows(all ?? [], filter), [all, filter]);
  const loading = link === "loading" || all === null;
  const tabs = link === "loading" ? {} : { active: held.rows.length, aside: asideCount(held.counts) };
  return (
    <div className="alarm-page">
      <Tabs shown={filter.view} counts={tabs} />
      {loading ? <p className="note" role="status">{al.reading}</p> : (
        <>
          {aside ? null : <Counts rows={all} filter={filter} onFilter={change} />}
          <AlarmList key={filter.view} rows={rows} all={all.length} filter={filter} onFilter={change} />
        </>
      )}
    </div>
  );
}

/**
 * The filter in the address, and a function that changes parts of it. Both stay equal.
 * @returns {[any, (part: object) => void]}
 */
function useFilter() {
  const { search, key } = useLocation();
  const [filter, setFilter] = useState(() => fromQuery(search));
  useEffect(() => setFilter(fromQuery(search)), [search, key]);
  const change = useCallback((part) => setFilter((before) => {
    const next = { ...before, ...part };
    const query = toQuery(next);
    window.history.replaceState(window.history.state, "", at("/alarms") + (query && `?${query}`));
    return next;
  }), []);
  return [filter, change];
}

function AlarmList({ rows, all, filter, onFilter }) {
  const { alarms: al, pages } = useWords();
  const may = usePermissions();
  const [picked, setPicked] = useState(() => new Map());
  const { start, dialog, outcome } = useActions(() => setPicked(new Map()));
  const [opened, setOpened] = useState(null);
  const { items, waiting, hold, reorder } = useStableLines(rows, filter, rows.some((row) => picked.has(keyOf(row))));
  const shown = useMemo(() => items.flatMap(({ row, over }) => (row && !over ? [row] : [])), [items]);
  const selected = useMemo(() => shown.filter((row) => picked.has(keyOf(row))), [shown, picked]);
  const aside = filter.view === "aside";
  const actions = useRowActions({ start, setPicked, setOpened, selected, may });
  const toAck = shown.filter(waits);
  const current = opened && (rows.find((row) => keyOf(row) === keyOf(opened)) ?? opened);
  return (
    <>
      <div className="alarm-tools">
        <SearchBox value={filter.words} label={pages.filter} clearLabel={pages.filter_clear} delayMs={FILTER_MS} onSearch={(words) => onFilter({ words })} />
        <div role="group" aria-label={al.grouping} className="segmented">
          {GROUPINGS.map((by) => (
            <button key={by} type="button" aria-pressed={filter.by === by} data-testid={`by-${by}`} onClick={() => onFilter({ by })}>{al[`by_${by}`]}</button>
          ))}
        </div>
        {aside ? null : (
          <label className="check">
            <input type="checkbox" checked={filter.only !== ""} data-testid="only-waits" onChange={(event) => onFilter({ only: event.target.checked ? "waits" : "" })} />
            {al.only_waits}
          </label>
        )}
        <span className="alarm-shown" data-testid="alarm-shown">
          {isFiltered(filter) ? counted(al.n_of, all, { shown: String(shown.length) }) : counted(al.n_alarms, all)}
        </span>
        {isFiltered(filter) ? (
          <button type="button" className="control control-small" data-testid="show-all"
            onClick={() => onFilter({ only: "", priority: [], group: null, words: "" })}>{al.show_all}</button>
        ) : null}
      </div>
      <ActionBar aside={aside} selected={selected} toAck={toAck} start={start} may={may} clear={actions.clear} al={al} />
      {outcome}
      {dialog}
      {items.length === 0 ? <EmptyNote aside={aside} filter={filter} all={all} al={al} /> : (
        <Steady moved={waiting} label={al.new_ones} restS={REST_S} onHold={hold} onReorder={reorder}>
          <List items={items} by={filter.by} aside={aside} picked={picked} may={may} actions={actions} label={aside ? al.tab_aside : al.tab_active} />
        </Steady>
      )}
      {current ? <Detail row={current} may={may} start={start} onClose={() => setOpened(null)} /> : null}
    </>
  );
}

// The lines of the list. Their order is fixed while the list is in use or a row is selected; a new filter or `reorder` renews
// it at once.
function useStableLines(rows, filter, anyPicked) {
  const [inUse, setInUse] = useState(false);
  const [reorders, setReorders] = useState(0);
  const before = useRef({ ...NO_LINES, filter, reorders });
  const lines = useMemo(() => {
    const sameView = before.current.filter === filter && before.current.reorders === reorders;
    const now = stableLines(before.current, grouped(rows, filter.by), sameView && (inUse || anyPicked));
    before.current = { ...now, filter, reorders };
    return now;
  }, [rows, filter, inUse, anyPicked, reorders]);
  return { ...lines, hold: setInUse, reorder: useCallback(() => setReorders((n) => n + 1), []) };
}

// The actions of rows and keys. The object is always the same, so that it does not make React render rows again.
function useRowActions(current) {
  const latest = useRef(current);
  latest.current = current;
  return useMemo(() => {
    const stop = (event) => event.stopPropagation();
    const selectedOr = (row) => (latest.current.selected.length > 0 ? latest.current.selected : row ? [row] : []);
    const mayAct = () => latest.current.may.act === "";
    return {
      select: (row) => latest.current.setPicked((before) => {
        const next = new Map(before);
        if (!next.delete(keyOf(row))) next.set(keyOf(row), true);
        return next;
      }),
      clear: () => latest.current.setPicked(new Map()),
      open: (row) => latest.current.setOpened(row),
      ack: (row, event) => {
        stop(event);
        latest.current.start("ack", [row]);
      },
      back: (row, event) => {
        stop(event);
        latest.current.start(row.state === "out_of_service" ? "in_service" : "unshelve", [row]);
      },
      ackChosen: (row) => mayAct() && latest.current.start("ack", selectedOr(row).filter(waits)),
      takeChosen: (row) => mayAct() && latest.current.start("assign", selectedOr(row).filter((candidate) => assignable(candidate, latest.current.may.name))),
      shelveChosen: (row) => mayAct() && latest.current.start("shelve", selectedOr(row)),
    };
  }, []);
}

// The actions on the selected rows; without a selection, acknowledging all shown ones.
function ActionBar({ aside, selected, toAck, start, may, clear, al }) {
  const n = selected.length;
  const waiting = selected.filter(waits);
  const button = (verb, rows, why, text) => (
    <button key={verb} type="button" className="control control-small" disabled={rows.length === 0 || Boolean(why)} title={why || undefined}
      data-testid={`selected-${verb}`} onClick={() => start(verb, rows, { ask: verb === "ack" && rows.length > 1 })}>{text}</button>
  );
  return (
    <div className="alarm-bar" role="group" aria-label={al.actions} data-testid="alarm-bar">
      {n > 0 ? (
        <>
          <strong>{counted(al.n_selected, n)}</strong>
          {aside ? button("unshelve", selected.filter(({ state }) => state === "shelved"), may.act, al.do_unshelve) : (
            <>
              {button("ack", waiting, may.act, al.do_ack)}
              {button("unack", selected.filter(({ state }) => state === "acked"), may.act, al.do_unack)}
              {button("assign", selected.filter((row) => assignable(row, may.name)), may.act, al.do_assign)}
              {button("shelve", selected, may.act, al.do_shelve)}
              {button("out_of_service", selected, may.serve, al.do_out_of_service)}
              {button("reset", selected.filter(({ state }) => state === "latched"), may.act, al.do_reset)}
            </>
          )}
          <button type="button" className="control control-small" data-testid="select-none" onClick={clear}>{al.select_none}</button>
        </>
      ) : aside || toAck.length === 0 ? null : (
        <button type="button" className="control control-small" disabled={Boolean(may.act)} title={may.act || undefined}
          data-testid="ack-all" onClick={() => start("ack", toAck, { ask: true })}>{counted(al.ack_all, toAck.length)}</button>
      )}
      {may.act ? <span className="note" data-testid="may-not">{may.act}</span> : null}
    </div>
  );
}

function EmptyNote({ aside, filter, all, al }) {
  const text = all > 0 && isFiltered(filter) ? fill(al.none_match, { n: String(all) }) : aside ? al.none_aside : al.none;
  return <p className="alarm-none" data-testid="alarm-none">{text}</p>;
}
