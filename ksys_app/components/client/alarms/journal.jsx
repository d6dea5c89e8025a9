// The journal of alarms: the rows of a period that pass a filter, as one line for each episode or for each event.
import { useCallback, useEffect, useMemo, useState } from "react";
import { Link, useLocation } from "react-router";
import { CONDITIONS, EVENTS, SPANS, foldEpisodes, fromQuery, toQuery, requestQuery } from "./journal.js";
import { ofGroup } from "./snapshot.js";
import { Period } from "./period.jsx";
import { Tabs } from "./tabs.jsx";
import { figuresOf } from "./figures.js";
import { Priority, message, remarkOf } from "./words.jsx";
import { SearchBox } from "../shell/controls.jsx";
import { Scrollable } from "../shell/scrollable.jsx";
import { useLive } from "../shell/live.jsx";
import { ageText } from "../lib/age.js";
import { DASH } from "../lib/figures.js";
import { Refused } from "../lib/load.js";
import { at } from "../lib/paths.js";
import { useWords } from "../lib/usewords.js";
import { counted, fill, say } from "../lib/words.js";
import { stamp } from "../lib/zone.js";

const ROWS = 200;
const FILTER_MS = 400;

export function AlarmJournal() {
  const words = useWords();
  const { alarms: al, pages } = words;
  const [filter, change] = useFilter();
  const { rows, next, failed, reading, older } = useJournal(filter);
  const lines = useMemo(() => (filter.flat ? null : foldEpisodes(rows)), [rows, filter.flat]);
  return (
    <div className="alarm-page">
      <Tabs shown="journal" />
      <FilterBar filter={filter} change={change} al={al} pages={pages} />
      {failed ? <p className="alarm-none" role="alert">{fill(al.not_read_why, { why: say(words, failed) })}</p> : null}
      <p className="alarm-shown" role="status" data-testid="journal-count">
        {reading && rows.length === 0 ? al.reading : counted(al.n_rows, rows.length) + (next ? ` ${al.more_older}` : "")}
      </p>
      {rows.length === 0 && !reading && !failed ? <p className="alarm-none">{al.none_journal}</p> : null}
      {rows.length > 0 ? <Table lines={lines ?? rows.map((row, key) => ({ key, row }))} flat={filter.flat} words={words} /> : null}
      {next ? <button type="button" className="control older" disabled={reading} data-testid="journal-older" onClick={older}>{al.older}</button> : null}
    </div>
  );
}

function useFilter() {
  const { search, key } = useLocation();
  const [filter, setFilter] = useState(() => fromQuery(search));
  useEffect(() => setFilter(fromQuery(search)), [search, key]);
  const change = useCallback((part) => setFilter((before) => {
    const next = { ...before, ...part };
    const query = toQuery(next);
    window.history.replaceState(window.history.state, "", at("/alarms/journal") + (query && `?${query}`));
    return next;
  }), []);
  return [filter, change];
}

const NO_PAGES = { rows: [], next: null, failed: null, reading: true };

// The fetched rows of the journal, newest first. `older` fetches the next page. Another filter starts again.
function useJournal(filter) {
  const [pages, setPages] = useState(NO_PAGES);
  const filterKey = toQuery({ ...filter, flat: false });
  const fetchPage = useCallback(async (after, signal) => {
    const query = requestQuery(fromQuery(filterKey), Date.now());
    query.set("limit", String(ROWS));
    if (after) query.set("after", after);
    setPages((before) => ({ ...(after ? before : NO_PAGES), reading: true }));
    try {
      const answer = await fetch(at(`/api/v1/alarms/journal?${query}`), { cache: "no-store", signal });
      const page = await answer.json().catch(() => ({}));
      if (!answer.ok) throw new Refused(page.error, answer.status);
      setPages((before) => ({ rows: after ? [...before.rows, ...page.rows] : page.rows, next: page.next, failed: null, reading: false }));
    } catch (error) {
      if (!signal?.aborted) setPages((before) => ({ ...before, reading: false, failed: error.said ?? { key: "alarms.no_server", values: {} } }));
    }
  }, [filterKey]);
  useEffect(() => {
    const stop = new AbortController();
    void fetchPage(null, stop.signal);
    return () => stop.abort();
  }, [fetchPage]);
  return { ...pages, older: () => void fetchPage(pages.next, undefined) };
}

function FilterBar({ filter, change, al, pages }) {
  const csv = requestQuery(filter, Date.now());
  const select = (name, all, label, text) => (
    <select aria-label={label} value={filter[name]} className="control" data-testid={`journal-${name}`} onChange={(event) => change({ [name]: event.target.value })}>
      <option value="">{label}: {al.any}</option>
      {all.map((value) => <option key={value} value={value}>{text(value)}</option>)}
    </select>
  );
  return (
    <div className="alarm-tools">
      <Period period={filter} change={change} spans={Object.keys(SPANS)} defaultSpan="24h" />
      <SearchBox value={filter.tag} label={al.exact_tag} clearLabel={pages.filter_clear} delayMs={FILTER_MS} onSearch={(tag) => change({ tag: tag.trim() })} />
      {select("priority", ["1", "2", "3", "4"], al.by_priority, (value) => al[`prio_${value}`])}
      {select("condition", CONDITIONS, al.col_what, (value) => al[`what_${value}`])}
      {select("event", EVENTS, al.event, (value) => al[`event_${value}`])}
      <div role="group" aria-label={al.form} className="segmented">
        <button type="button" aria-pressed={!filter.flat} data-testid="folded" onClick={() => change({ flat: false })}>{al.folded}</button>
        <button type="button" aria-pressed={filter.flat} data-testid="flat" onClick={() => change({ flat: true })}>{al.flat}</button>
      </div>
      <a href={at(`/api/v1/alarms/journal.csv?${csv}`)} download className="control control-small" title={al.csv_hint} data-testid="journal-csv">{pages.csv}</a>
    </div>
  );
}

const EPISODE_COLUMNS = ["time", "tag", "what", "value", "lasted", "acked", "events"];
const EVENT_COLUMNS = ["time", "event", "tag", "what", "value", "who", "said"];

function Table({ lines, flat, words }) {
  const { alarms: al } = words;
  const names = flat ? EVENT_COLUMNS : EPISODE_COLUMNS;
  return (
    <Scrollable label={al.tab_journal} className="grid-scroll journal">
      <table className="series">
        <caption className="sr-only">{al.tab_journal}</caption>
        <thead><tr>{names.map((name) => <th key={name} scope="col">{al[`head_${name}`]}</th>)}</tr></thead>
        <tbody>{lines.map((line) => (line.episode ? <Episode key={line.key} line={line} words={words} /> : <Event key={line.key} row={line.row} flat={flat} words={words} />))}</tbody>
      </table>
    </Scrollable>
  );
}

const clock = (text, zone) => (text ? stamp(Date.parse(text), zone).slice(0, 19) : "");

function What({ row, al }) {
  return <td><span className="al-prio">{row.priority ? <Priority priority={row.priority} quiet /> : null}{row.condition ? message(row, al) : ""} <span className="about">{row.level || row.condition}</span></span></td>;
}

// The line of an episode: when it was raised, how long it lasted, who acknowledged it and how long after.
function Episode({ line, words }) {
  const { zone } = useLive();
  const { alarms: al, live: t } = words;
  const { episode, raised, acked, cleared, over, count } = line;
  const from = Date.parse(episode.raised_at);
  const after = (row) => ageText((Date.parse(row.ts) - from) / 1000, t);
  return (
    <tr data-testid={`episode-${episode.tag_name}`}>
      <td>{clock(episode.raised_at, zone)}</td>
      <td><TagLink row={episode} /></td>
      <What row={episode} al={al} />
      <td>{figuresOf(raised ?? episode, t)}</td>
      <td>{cleared ? after(cleared) : over ? DASH : al.ongoing}</td>
      <td>{acked ? fill(al.acked_after, { who: acked.actor, age: after(acked) }) : DASH}</td>
      <td>{count}</td>
    </tr>
  );
}

function Event({ row, flat, words }) {
  const { zone } = useLive();
  const { alarms: al, live: t } = words;
  const name = al[`event_${row.event}`] ?? row.event;
  const remark = [row.actor, remarkOf(row, al)].filter(Boolean).join(" · ");
  return (
    <tr>
      <td>{clock(row.ts, zone)}</td>
      {flat ? <td>{name}</td> : null}
      <td><TagLink row={row} /></td>
      <What row={row} al={al} />
      <td>{figuresOf(row, t)}</td>
      {flat ? <><td>{row.actor}</td><td>{remarkOf(row, al)}</td></> : <><td>{name}</td><td>{remark}</td><td>1</td></>}
    </tr>
  );
}

const TagLink = ({ row }) => (ofGroup(row) ? row.tag_name : <Link to={`/trend?tag=${encodeURIComponent(row.tag_name)}`}>{row.tag_name}</Link>);
