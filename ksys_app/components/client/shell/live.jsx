// The freshness of a page's data, in a context for all its components, and the texts that report it.
import { createContext, useContext, useEffect, useMemo, useRef } from "react";
import { EventLoopContext } from "$/utils/context-registry";
import "@fontsource-variable/noto-sans-kr/wght.css";
import { ageText } from "../lib/age.js";
import { observe, timeText, useClock } from "../lib/clock.js";
import { Mark } from "../grid/mark.jsx";
import { fetchUser } from "../lib/me.js";
import { at } from "../lib/paths.js";
import { useWords } from "../lib/usewords.js";
import { capital, fill, say } from "../lib/words.js";

const LiveContext = createContext(null);
export const useLive = () => useContext(LiveContext);

const OVERDUE_TICKS = 2.5;
const OLD = new Set(["stale", "disconnected", "overdue"]);
const PATIENCE_MS = 1500;

export function Live({
  phase, updatedMs, seenMs, dbNowMs, tickS, realtime: realtimeOn, past, isLoading, zone, problem: rawProblem, caption: captionMessage, children,
}) {
  const loop = useContext(EventLoopContext);
  const disconnected = (loop?.[1]?.length ?? 0) > 0;
  const words = useWords();
  const t = words.live;
  const caption = say(words, captionMessage);
  const problem = useMemo(() => ({ ...rawProblem, message: capital(words, rawProblem.message) }), [rawProblem, words]);
  useEffect(() => {
    // While the database does not answer, a new page has no current time of the server. Every HTTP answer has one in its
    // `date` header. Without any answer the status bar shows "disconnected".
    const stop = new AbortController();
    fetch(at("/ping"), { cache: "no-store", signal: stop.signal })
      .then((answer) => observe(Date.parse(answer.headers.get("date"))))
      .catch(() => {});
    return () => stop.abort();
  }, []);
  useEffect(() => {
    if (updatedMs > 0) observe(updatedMs);
  }, [updatedMs]);
  useEffect(() => {
    if (disconnected) void fetchUser();
  }, [disconnected]);
  // A period in the past gets no new data.
  const realtime = realtimeOn && !past;
  const lead = dbNowMs > 0 ? dbNowMs - updatedMs : 0;
  const overdue = useClock(
    (now) => realtime && updatedMs > 0 && now - updatedMs > OVERDUE_TICKS * tickS * 1000,
  );
  const link = linkOf({ phase, disconnected, realtime, past, overdue, updatedMs, isLoading });
  const old = OLD.has(link);
  // While no answer arrives, the states of tags are those at the time of the last answer, so their ages must not grow.
  const asOfMs = old || !realtime ? seenMs : 0;
  const value = useMemo(
    () => ({ phase, link, old, updatedMs, seenMs, asOfMs, lead, tickS, realtime, zone, problem, caption, t }),
    [phase, link, old, updatedMs, seenMs, asOfMs, lead, tickS, realtime, zone, problem, caption, t],
  );
  return (
    <LiveContext.Provider value={value}>
      <div className="shell" data-link={link} data-old={old}>{children}</div>
    </LiveContext.Provider>
  );
}

function linkOf({ phase, disconnected, realtime, past, overdue, updatedMs, isLoading }) {
  if (disconnected) return "disconnected";
  if (phase === "stale") return "stale";
  if (phase === "retrying") return updatedMs > 0 ? "stale" : "retrying";
  if (phase === "error") return "error";
  if (phase === "idle" || updatedMs === 0) return phase === "empty" ? "empty" : "loading";
  if (!realtime) return past ? "past" : "paused";
  if (overdue) return "overdue";
  return isLoading ? "loading" : "live";
}

const MARK = { stale: "old", disconnected: "old", overdue: "old", paused: "paused", past: "paused", error: "crit", retrying: "crit" };

export function StatusBar({ onRetry }) {
  const { phase, link, updatedMs, seenMs, zone, problem, caption, t } = useLive();
  const countdown = useCountdown(`${phase} ${problem.code} ${problem.since_ms}`, problem.retry_in);
  const text = useClock((now) => statusText({ now, link, updatedMs, seenMs, zone, problem, caption, t, countdown }));
  return (
    <section className="statusbar" aria-label={t.status} data-testid="status-bar" data-state={link}>
      <p className="statusbar-text" title={problem.message}>
        {MARK[link] ? <Mark kind={MARK[link]} /> : null}
        {text}
      </p>
      {link === "stale" ? (
        <button type="button" className="statusbar-retry" data-testid="retry-bar" onClick={() => onRetry()}>
          {t.retry}
        </button>
      ) : null}
      <span role="status" aria-live="polite" className="sr-only" data-testid="phase" data-phase={phase}>
        {t[`says_${stateOf(link, problem)}`]}
      </span>
    </section>
  );
}

// The key of the state's texts. "wrong": the address names something that does not exist; the data has no problem.
const stateOf = (link, problem) => (link === "error" && problem.way ? "wrong" : link);

function statusText({ now, link, updatedMs, seenMs, zone, problem, caption, t, countdown }) {
  const since = updatedMs > 0 && now > 0 ? timeText(updatedMs, zone, now) : "";
  // The states of communication are fetched separately from the counts, and more often.
  const newest = link === "live" ? Math.max(seenMs, updatedMs) : updatedMs;
  const values = {
    time: since && timeText(newest, zone, now),
    age: ageText((now - updatedMs) / 1000, t),
    message: sentence(problem.message),
    caption,
  };
  if (link === "disconnected" && !since) return t.bar_disconnected_bare;
  if (link === "loading" && since) return fill(t.bar_reading, values);
  if (link !== "stale") return [fill(t[`bar_${stateOf(link, problem)}`], values), countdown(now, t)].join(" ");
  const causeValues = { code: problem.code, since: timeText(problem.since_ms, zone, now) };
  const cause = UNANSWERED.has(problem.code) ? t.stale_silent : t.stale_failed;
  const requestId = problem.request_id ? fill(t.stale_id, { id: problem.request_id }) : "";
  return [fill(t.bar_stale, values), fill(cause, causeValues), countdown(now, t), values.message, requestId].filter(Boolean).join(" ");
}

const UNANSWERED = new Set(["DB_CONN", "DB_TIMEOUT"]);

// The word of the live switch: live, paused, or waiting if updates are on but do not arrive.
export function LiveWord() {
  const { link, updatedMs, realtime, t } = useLive();
  const nothing = link === "retrying" || link === "error" || (link === "loading" && updatedMs === 0);
  const waiting = realtime && (OLD.has(link) || nothing);
  return (
    <>
      <Mark kind={realtime ? (waiting ? "old" : "ok") : "paused"} />
      <span data-testid="live-word">{realtime ? (waiting ? t.live_waits : t.live_on) : t.live_off}</span>
    </>
  );
}

// Says what the page waits for, if loading takes longer than usual.
export function Waiting() {
  const { link, t } = useLive();
  const waitStart = useRef(0);
  const late = useClock((now) => {
    if (!now) return false;
    waitStart.current ||= now;
    return now - waitStart.current >= PATIENCE_MS;
  });
  return (
    <p className="waiting" role="status" data-testid="waiting">
      {late ? (link === "disconnected" ? t.waits_server : t.waits_database) : ""}
    </p>
  );
}

const sentence = (text) => (text ? text.replace(/\.?$/, ".") : "");

// A function of the time that returns the text of a countdown of `seconds`, which starts when `key` changes; empty without
// a countdown.
function useCountdown(key, seconds) {
  const start = useRef({ key: null, at: 0 });
  return (now, t) => {
    if (now === 0 || !seconds) return "";
    if (start.current.key !== key + seconds) start.current = { key: key + seconds, at: now };
    const left = Math.ceil(seconds - (now - start.current.at) / 1000);
    return left > 0 ? fill(t.retry_in, { seconds: left }) : t.retry_now;
  };
}

export function ProblemSince({ sinceMs, retryIn }) {
  const { phase, zone, t } = useLive();
  const countdown = useCountdown(`${phase} ${sinceMs}`, retryIn);
  return useClock((now) => {
    if (!now || !sinceMs) return "";
    const age = ageText((now - sinceMs) / 1000, t);
    return [fill(t.since, { time: timeText(sinceMs, zone, now), age }), countdown(now, t)].join(" ");
  });
}

export function NextTick() {
  const { link, updatedMs, tickS, t } = useLive();
  const left = useClock((now) => {
    const wait = Math.ceil(tickS - (now - updatedMs) / 1000);
    return link === "live" && updatedMs > 0 && now > 0 ? Math.min(Math.max(wait, 0), tickS) : -1;
  });
  // As wide as its longest text, so that the header does not move.
  return <span className="next-tick" data-testid="next-tick" data-room={ageText(tickS, t)}>{left < 0 ? "" : ageText(left, t)}</span>;
}

export function DatabaseClock() {
  const { updatedMs, seenMs, lead, zone, t } = useLive();
  const answered = Math.max(updatedMs, seenMs);
  return answered > 0 ? fill(t.clock, { time: timeText(answered + lead, zone, 0) }) : t.clock_unknown;
}
