// What the whole page knows about its data: how fresh it is, and whether more is coming.
import { createContext, useContext, useEffect, useMemo, useRef } from "react";
import { EventLoopContext } from "$/utils/context-registry";
import "@fontsource-variable/noto-sans-kr/wght.css";
import { ageText, fill, observe, timeText, useClock } from "./clock.js";
import { Mark } from "./mark.jsx";

const LiveContext = createContext(null);
export const useLive = () => useContext(LiveContext);

const OVERDUE_TICKS = 2.5;

export function Live({
  phase, updatedMs, dbNowMs, tickS, realtime, isLoading, zone, problem, caption, t, children,
}) {
  const loop = useContext(EventLoopContext);
  const down = (loop?.[1]?.length ?? 0) > 0;
  useEffect(() => {
    // A page opened while the database is away holds only old times; any answer carries the
    // server's own clock. Without an answer the bar says disconnected.
    const stop = new AbortController();
    fetch("/ping", { cache: "no-store", signal: stop.signal })
      .then((answer) => observe(Date.parse(answer.headers.get("date"))))
      .catch(() => {});
    return () => stop.abort();
  }, []);
  useEffect(() => {
    if (updatedMs > 0) observe(updatedMs);
  }, [updatedMs]);
  const lead = dbNowMs > 0 ? dbNowMs - updatedMs : 0;
  const overdue = useClock(
    (now) => realtime && updatedMs > 0 && now - updatedMs > OVERDUE_TICKS * tickS * 1000,
  );
  const link = linkOf({ phase, down, realtime, overdue, updatedMs, isLoading });
  const value = useMemo(
    () => ({ phase, link, updatedMs, lead, tickS, realtime, zone, problem, caption, t }),
    [phase, link, updatedMs, lead, tickS, realtime, zone, problem, caption, t],
  );
  const old = link === "stale" || link === "disconnected" || link === "overdue";
  return (
    <LiveContext.Provider value={value}>
      <div className="shell" data-link={link} data-old={old}>{children}</div>
    </LiveContext.Provider>
  );
}

function linkOf({ phase, down, realtime, overdue, updatedMs, isLoading }) {
  if (down) return "disconnected";
  if (phase === "stale") return "stale";
  if (phase === "retrying") return updatedMs > 0 ? "stale" : "retrying";
  if (phase === "error") return "error";
  if (phase === "idle" || updatedMs === 0) return phase === "empty" ? "empty" : "loading";
  if (!realtime) return "paused";
  if (overdue) return "overdue";
  return isLoading ? "loading" : "live";
}

const MARK = { stale: "old", disconnected: "old", overdue: "old", paused: "paused", error: "crit", retrying: "crit" };

export function StatusBar({ onRetry }) {
  const { phase, link, updatedMs, zone, problem, caption, t } = useLive();
  const waits = useWait(`${phase} ${problem.code} ${problem.since_ms}`, problem.retry_in);
  const text = useClock((now) => statusText({ now, link, updatedMs, zone, problem, caption, t, waits }));
  return (
    <section className="statusbar" aria-label={t.status} data-testid="status-bar" data-state={link}>
      <p className="statusbar-text">
        {MARK[link] ? <Mark kind={MARK[link]} /> : null}
        {text}
      </p>
      {link === "stale" ? (
        <button type="button" className="statusbar-retry" data-testid="retry-bar" onClick={() => onRetry()}>
          {t.retry}
        </button>
      ) : null}
      <span role="status" aria-live="polite" className="sr-only" data-testid="phase" data-phase={phase}>
        {t[`says_${link}`]}
      </span>
    </section>
  );
}

function statusText({ now, link, updatedMs, zone, problem, caption, t, waits }) {
  const since = updatedMs > 0 && now > 0 ? timeText(updatedMs, zone, now) : "";
  const values = {
    time: since,
    age: ageText((now - updatedMs) / 1000),
    message: sentence(problem.message),
    caption,
  };
  if (link === "disconnected" && !since) return t.bar_disconnected_bare;
  return [fill(t[`bar_${link}`], values), waits(now, t)].join(" ");
}

const sentence = (text) => (text ? `${text[0].toUpperCase()}${text.slice(1).replace(/\.?$/, ".")}` : "");

// In words, what is left of a wait that began when `key` last changed; nothing without a wait.
function useWait(key, seconds) {
  const began = useRef({ key: null, at: 0 });
  return (now, t) => {
    if (now === 0 || !seconds) return "";
    if (began.current.key !== key + seconds) began.current = { key: key + seconds, at: now };
    const left = Math.ceil(seconds - (now - began.current.at) / 1000);
    return left > 0 ? fill(t.retry_in, { seconds: left }) : t.retry_now;
  };
}

export function ProblemSince({ sinceMs, retryIn }) {
  const { phase, zone, t } = useLive();
  const waits = useWait(`${phase} ${sinceMs}`, retryIn);
  return useClock((now) => {
    if (!now || !sinceMs) return "";
    const age = ageText((now - sinceMs) / 1000);
    return [fill(t.since, { time: timeText(sinceMs, zone, now), age }), waits(now, t)].join(" ");
  });
}

export function NextTick() {
  const { link, updatedMs, tickS } = useLive();
  const left = useClock((now) => {
    const wait = Math.ceil(tickS - (now - updatedMs) / 1000);
    return link === "live" && updatedMs > 0 && now > 0 ? Math.min(Math.max(wait, 0), tickS) : -1;
  });
  return <span className="next-tick" data-testid="next-tick">{left < 0 ? "" : `${left} s`}</span>;
}

export function DatabaseClock() {
  const { updatedMs, lead, zone, t } = useLive();
  return updatedMs > 0 ? fill(t.clock, { time: timeText(updatedMs + lead, zone, 0) }) : t.clock_unknown;
}
