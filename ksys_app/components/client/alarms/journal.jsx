// The journal of alarms: a span of time, narrowed by what is asked for, an episode to a line or each event alone.
import { useCallback, useEffect, useMemo, useState } from "react";
import { Link, useLocation } from "react-router";
import { CONDITIONS, EVENTS, SPANS, folded, fromQuery, toQuery, wanted } from "./journal.js";
import { ofGroup } from "./held.js";
import { Span } from "./moment.jsx";
import { Tabs } from "./tabs.jsx";
import { Priority, figuresOf, message, saidOf } from "./words.jsx";
import { SearchBox } from "../shell/controls.jsx";
import { Scrollable } from "../shell/scrollable.jsx";
import { useLive } from "../shell/live.jsx";
import { ageText } from "../lib/age.js";
import { DASH } from "../lib/figures.js";
import { Refused } from "../lib/columns.js";
import { at } from "../lib/paths.js";
import { useWords } from "../lib/usewords.js";
import { counted, fill, say } from "../lib/words.js";
import { stamp } from "../lib/zone.js";

const ROWS = 200;
const FILTER_MS = 400;

export function AlarmJournal() {
  const words = useWords();
  const { alarms: al, pages } = words;
  const [asked, change] = useAsked();
  const { rows, next, failed, reading, older } = useJournal(asked);
  const lines = useMemo(() => (asked.flat ? null : folded(rows)), [rows, asked.flat]);
  return (
    <div className="alarm-page">
      <Tabs shown="journal" />
      <Asked asked={asked} change={change} al={al} pages={pages} />
      {failed ? <p className="alarm-none" role="alert">{fill(al.not_read_why, { why: say(words, failed) })}</p> : null}
      <p className="alarm-shown" role="status" data-testid="journal-count">
        {reading && rows.length === 0 ? al.reading : counted(al.n_rows, rows.length) + (next ? ` ${al.more_older}` : "")}
      </p>
      {rows.length === 0 && !reading && !failed ? <p className="alarm-none">{al.none_journal}</p> : null}
      {rows.length > 0 ? <Table lines={lines ?? rows.map((row, key) => ({ key, row }))} flat={asked.flat} words={words} /> : null}
      {next ? <button type="button" className="control older" disabled={reading} data-testid="journal-older" onClick={older}>{al.older}</button> : null}
    </div>
  );
}

function useAsked() {
  const { search, key } = useLocation();
  const [asked, setAsked] = useState(() => fromQuery(search));
  useEffect(() => setAsked(fromQuery(search)), [search, key]);
  const change = useCallback((part) => setAsked((before) => {
    const next = { ...before, ...part };
    const query = toQuery(next);
    window.history.replaceState(window.history.state, "", at("/alarms/journal") + (query && `?${query}`));
    return next;
  }), []);
  return [asked, change];
}

const NOTHING = { rows: [], next: null, failed: null, reading: true };

// Pages of the journal, the newest first; another question drops what was read.
function useJournal(asked) {
  const [held, setHeld] = useState(NOTHING);
  const question = toQuery({ ...asked, flat: false });
  const read = useCallback(async (after, signal) => {
    const query = wanted(fromQuery(question), Date.now());
    query.set("limit", String(ROWS));
    if (after) query.set("after", after);
    setHeld((before) => ({ ...(after ? before : NOTHING), reading: true }));
    try {
      const answer = await fetch(at(`/api/v1/alarms/journal?${query}`), { cache: "no-store", signal });
      const page = await answer.json().catch(() => ({}));
      if (!answer.ok) throw new Refused(page.error?.code, answer.status);
      setHeld((before) => ({ rows: after ? [...before.rows, ...page.rows] : page.rows, next: page.next, failed: null, reading: false }));
    } catch (error) {
      if (!signal?.aborted) setHeld((before) => ({ ...before, reading: false, failed: error.said ?? { key: "alarms.no_server", values: {} } }));
    }
  }, [question]);
  useEffect(() => {
    const stop = new AbortController();
    void read(null, stop.signal);
    return () => stop.abort();
  }, [read]);
  return { ...held, older: () => void read(held.next, undefined) };
}

function Asked({ asked, change, al, pages }) {
  const csv = wanted(asked, Date.now());
  const choices = (name, all, label, text) => (
    <select aria-label={label} value={asked[name]} className="control" data-testid={`journal-${name}`} onChange={(event) => change({ [name]: event.target.value })}>
      <option value="">{label}: {al.any}</option>
      {all.map((one) => <option key={one} value={one}>{text(one)}</option>)}
    </select>
  );
  return (
    <div className="alarm-tools">
      <Span asked={asked} change={change} spans={Object.keys(SPANS)} usual="24h" />
      <SearchBox value={asked.tag} label={al.exact_tag} clearLabel={pages.filter_clear} delayMs={FILTER_MS} onSearch={(tag) => change({ tag: tag.trim() })} />
      {choices("priority", ["1", "2", "3", "4"], al.by_priority, (one) => al[`prio_${one}`])}
      {choices("condition", CONDITIONS, al.col_what, (one) => al[`what_${one}`])}
      {choices("event", EVENTS, al.event, (one) => al[`event_${one}`])}
      <div role="group" aria-label={al.form} className="segmented">
        <button type="button" aria-pressed={!asked.flat} data-testid="folded" onClick={() => change({ flat: false })}>{al.folded}</button>
        <button type="button" aria-pressed={asked.flat} data-testid="flat" onClick={() => change({ flat: true })}>{al.flat}</button>
      </div>
      <a href={at(`/api/v1/alarms/journal.csv?${csv}`)} download className="control control-small" title={al.csv_hint} data-testid="journal-csv">{pages.csv}</a>
    </div>
  );
}

const FOLDED = ["time", "tag", "what", "value", "lasted", "acked", "events"];
const FLAT = ["time", "event", "tag", "what", "value", "who", "said"];

function Table({ lines, flat, words }) {
  const { alarms: al } = words;
  const names = flat ? FLAT : FOLDED;
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

// A line an episode: raised, for how long, acknowledged by whom and after how long.
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
  const said = [row.actor, saidOf(row, al)].filter(Boolean).join(" · ");
  return (
    <tr>
      <td>{clock(row.ts, zone)}</td>
      {flat ? <td>{name}</td> : null}
      <td><TagLink row={row} /></td>
      <What row={row} al={al} />
      <td>{figuresOf(row, t)}</td>
      {flat ? <><td>{row.actor}</td><td>{saidOf(row, al)}</td></> : <><td>{name}</td><td>{said}</td><td>1</td></>}
    </tr>
  );
}

const TagLink = ({ row }) => (ofGroup(row) ? row.tag_name : <Link to={`/trend?tag=${encodeURIComponent(row.tag_name)}`}>{row.tag_name}</Link>);
