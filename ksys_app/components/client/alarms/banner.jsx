// The line about alarms on every page: the highest that nobody has acknowledged, how many there are, and whether anybody
// evaluates them. It speaks a new alarm once, sounds, and notifies where the browser allows that.
import { useEffect } from "react";
import { Link } from "react-router";
import { asideCount, highest, tally, unevaluated, waits } from "./held.js";
import { useAlarms } from "./store.js";
import { hear } from "./sound.js";
import { useActing, useMay } from "./acting.jsx";
import { Sound } from "./soundmenu.jsx";
import { Priority, message } from "./words.jsx";
import { Name } from "../grid/name.jsx";
import { useLive } from "../shell/live.jsx";
import { ageText } from "../lib/age.js";
import { timeText, useClock } from "../lib/clock.js";
import { useWords } from "../lib/usewords.js";
import { counted, fill } from "../lib/words.js";

export function AlarmBanner() {
  const { held, link, calls, call, news } = useAlarms();
  const words = useWords();
  const al = words.alarms;
  const top = highest(held.rows);
  useEffect(() => {
    if (link === "live") hear(held.rows, calls);
  }, [held.rows, call, link]);
  useNotified(calls, news ? call : 0, words);
  if (link === "absent") return null;
  return (
    <section className="banner" aria-label={al.banner} data-testid="alarm-banner" data-priority={top ? top.priority : 0} data-link={link}>
      {link === "loading" ? <span className="banner-quiet">{al.reading}</span> : (
        <>
          <Highest row={top} words={words} />
          <Tally rows={held.rows} counts={held.counts} al={al} />
          <Evaluated held={held} link={link} words={words} />
          <Sound />
        </>
      )}
      <Spoken calls={calls} call={news ? call : 0} al={al} />
    </section>
  );
}

function Highest({ row, words }) {
  const { alarms: al } = words;
  const may = useMay();
  const { start, dialog, outcome } = useActing();
  if (!row) {
    return <>{outcome}<Link to="/alarms" className="banner-none" data-testid="banner-none">{al.banner_none}</Link></>;
  }
  return (
    <>
      {dialog}
      {outcome}
      <Link to="/alarms" className="banner-top" data-testid="banner-top">
        <Priority priority={row.priority} />
        <strong>{al[`prio_${row.priority}`]}</strong>
        <span className="banner-tag"><Name text={row.tag_name} /></span>
        <span className="banner-what">{message(row, al)}</span>
        <Age row={row} words={words} />
      </Link>
      <button type="button" className="control control-small" disabled={Boolean(may.act)} title={may.act || undefined} data-testid="banner-ack"
        aria-label={fill(al.ack_this, { tag: row.tag_name, what: message(row, al) })} onClick={() => start("ack", [row])}>{al.ack}</button>
    </>
  );
}

function Age({ row, words }) {
  const ms = Date.parse(row.raised_at);
  return <span className="banner-age">{useClock((now) => (now ? ageText((now - ms) / 1000, words.live) : ""))}</span>;
}

// Waiting and all by priority, and what is put aside: figures that stay readable in a flood.
function Tally({ rows, counts, al }) {
  const found = tally(rows);
  const aside = asideCount(counts);
  return (
    <span className="banner-counts" data-testid="banner-counts">
      {[1, 2, 3].filter((priority) => found[priority]).map((priority) => (
        <Link key={priority} to={`/alarms?priority=${priority}`}
          aria-label={fill(al.count_says, { prio: al[`prio_${priority}`], waits: String(found[priority].waits), all: String(found[priority].all) })}
          title={fill(al.count_says, { prio: al[`prio_${priority}`], waits: String(found[priority].waits), all: String(found[priority].all) })}>
          <Priority priority={priority} quiet={found[priority].waits === 0} />
          <span>{found[priority].waits}/{found[priority].all}</span>
        </Link>
      ))}
      {aside > 0 ? <Link to="/alarms?view=aside" className="banner-aside">{counted(al.n_aside, aside)}</Link> : null}
    </span>
  );
}

// Silence of the evaluator is no good news: it is said, with the time up to which alarms are known.
function Evaluated({ held, link, words }) {
  const { zone } = useLive();
  const al = words.alarms;
  const text = useClock((now) => {
    if (!now) return "";
    if (link === "lost" || link === "old") return fill(link === "lost" ? al.not_known : al.not_read, { time: held.atMs ? timeText(held.atMs, zone, now) : "–" });
    const since = unevaluated(held);
    if (since === null) return "";
    return since === 0 ? al.never_evaluated : fill(al.not_evaluated, { time: timeText(since, zone, now) });
  });
  return <span className="banner-late" role="status" data-testid="banner-evaluated">{text}</span>;
}

// Each call is spoken once: one alarm by name, several as a number.
function Spoken({ calls, call, al }) {
  const text = call === 0 ? "" : calls.length === 1
    ? fill(al.spoken, { prio: al[`prio_${calls[0].priority}`], tag: calls[0].tag_name, what: message(calls[0], al) })
    : counted(al.spoken_many, calls.length);
  return <span className="sr-only" role="status" aria-live="assertive" data-testid="spoken">{text}</span>;
}

// A notification of the browser while the page is not looked at.
function useNotified(calls, call, words) {
  useEffect(() => {
    if (call === 0 || !document.hidden || typeof Notification === "undefined" || Notification.permission !== "granted") return;
    const al = words.alarms;
    const top = highest(calls.filter(waits));
    if (!top) return;
    const body = calls.length > 1 ? counted(al.spoken_many, calls.length) : message(top, al);
    new Notification(`${al[`prio_${top.priority}`]}: ${top.tag_name}`, { body, tag: "ksys.alarms" });
  }, [call]);
}
