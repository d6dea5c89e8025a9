// The alarm line of every page: the most urgent alarm without acknowledgement, counts, and a warning if no worker evaluates
// alarms. It annunciates new alarms by speech for screen readers, by sound, and by notifications of the browser.
import { useEffect } from "react";
import { Link } from "react-router";
import { asideCount, highest, tally, unevaluated, waits } from "./snapshot.js";
import { useAlarms } from "./store.js";
import { updateSound } from "./sound.js";
import { useActions, usePermissions } from "./actions.jsx";
import { Sound } from "./soundmenu.jsx";
import { Priority, message } from "./words.jsx";
import { Name } from "../grid/name.jsx";
import { useLive } from "../shell/live.jsx";
import { ageText } from "../lib/age.js";
import { timeText, useClock } from "../lib/clock.js";
import { useWords } from "../lib/usewords.js";
import { counted, fill } from "../lib/words.js";

export function AlarmBanner() {
  const { held, link, annunciated, annunciations, news } = useAlarms();
  const words = useWords();
  const al = words.alarms;
  const top = highest(held.rows);
  useEffect(() => {
    if (link === "live") updateSound(held.rows, annunciated);
  }, [held.rows, annunciations, link]);
  useNotified(annunciated, news ? annunciations : 0, words);
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
      <Spoken annunciated={annunciated} annunciations={news ? annunciations : 0} al={al} />
    </section>
  );
}

function Highest({ row, words }) {
  const { alarms: al } = words;
  const may = usePermissions();
  const { start, dialog, outcome } = useActions();
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

// The numbers of alarms by priority, waiting and in total, and of those put aside. They stay readable in a flood of alarms.
function Tally({ rows, counts, al }) {
  const byPriority = tally(rows);
  const aside = asideCount(counts);
  return (
    <span className="banner-counts" data-testid="banner-counts">
      {[1, 2, 3].filter((priority) => byPriority[priority]).map((priority) => (
        <Link key={priority} to={`/alarms?priority=${priority}`}
          aria-label={fill(al.count_says, { prio: al[`prio_${priority}`], waits: String(byPriority[priority].waits), all: String(byPriority[priority].all) })}
          title={fill(al.count_says, { prio: al[`prio_${priority}`], waits: String(byPriority[priority].waits), all: String(byPriority[priority].all) })}>
          <Priority priority={priority} quiet={byPriority[priority].waits === 0} />
          <span>{byPriority[priority].waits}/{byPriority[priority].all}</span>
        </Link>
      ))}
      {aside > 0 ? <Link to="/alarms?view=aside" className="banner-aside">{counted(al.n_aside, aside)}</Link> : null}
    </span>
  );
}

// A warning if alarms are not evaluated or not fetched, with the time up to which they are.
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

// Speaks each annunciation once, through a live region: one alarm by name, several by their number.
function Spoken({ annunciated, annunciations, al }) {
  const text = annunciations === 0 ? "" : annunciated.length === 1
    ? fill(al.spoken, { prio: al[`prio_${annunciated[0].priority}`], tag: annunciated[0].tag_name, what: message(annunciated[0], al) })
    : counted(al.spoken_many, annunciated.length);
  return <span className="sr-only" role="status" aria-live="assertive" data-testid="spoken">{text}</span>;
}

// Shows a notification of the browser for an annunciation while the page is hidden.
function useNotified(annunciated, annunciations, words) {
  useEffect(() => {
    if (annunciations === 0 || !document.hidden || typeof Notification === "undefined" || Notification.permission !== "granted") return;
    const al = words.alarms;
    const top = highest(annunciated.filter(waits));
    if (!top) return;
    const body = annunciated.length > 1 ? counted(al.spoken_many, annunciated.length) : message(top, al);
    new Notification(`${al[`prio_${top.priority}`]}: ${top.tag_name}`, { body, tag: "ksys.alarms" });
  }, [annunciations]);
}
