// A tag's age and its state of communication (Comm). The browser updates both each second, also while no answer arrives.
import { createContext, useContext } from "react";
import { ageText } from "../lib/age.js";
import { timeText, useClock } from "../lib/clock.js";
import { Explain } from "../shell/explain.jsx";
import { useLive } from "../shell/live.jsx";
import { Mark } from "./mark.jsx";
import { fill } from "../lib/words.js";
import { stamp } from "../lib/zone.js";

const LOST_FACTOR = 10;
const ORDER = ["ok", "late", "lost", "never"];
const FreshContext = createContext(null);

function commState(tsMs, allowedS, dbNow) {
  if (tsMs === 0) return "never";
  const distance = Math.abs(dbNow - tsMs) / 1000;
  if (dbNow <= 0 || distance <= allowedS) return "ok";
  return distance <= LOST_FACTOR * allowedS ? "late" : "lost";
}

const worse = (a, b) => (ORDER.indexOf(a) > ORDER.indexOf(b) ? a : b);

// The Comm state: the worse of the server's at its last tick, and the one by the clock now.
function useComm(tsMs, allowedS, comm) {
  return useDatabaseTime((now) => worse(comm, commState(tsMs, allowedS, now)));
}

// The time of the database's clock, epoch ms; while no answer arrives, its time at the last answer; 0 if not known yet.
function databaseClock(now, asOfMs, lead) {
  const ms = asOfMs || now;
  return ms > 0 ? ms + lead : 0;
}

// The value of `select(time of the database's clock)`, renewed each second.
export function useDatabaseTime(select) {
  const { lead, asOfMs } = useLive();
  return useClock((now) => select(databaseClock(now, asOfMs, lead)));
}

/** @param {Record<string, any>} props */
export function Fresh({ element: Tag = "article", tsMs, allowedS, comm, stillS, stillLonger, children, ...rest }) {
  const { t } = useLive();
  const state = useComm(tsMs, allowedS, comm);
  // For a late tag the age is shown, so that the unchanged value needs no mention.
  const still = stillS > 0 && state === "ok" ? (stillLonger ? t.still_longer : t.still_for) : "";
  const age = ageText(stillS ?? 0, t);
  const value = { tsMs, allowedS, state, still: fill(still, { age }), stillAge: stillLonger ? `> ${age}` : age };
  return (
    <FreshContext.Provider value={value}>
      <Tag data-comm={state} data-still={still !== "" || undefined} {...rest}>{children}</Tag>
    </FreshContext.Provider>
  );
}

// How long the value has been the same, instead of its change.
export function StillFor({ children }) {
  const { still } = useContext(FreshContext);
  return still ? <span data-testid="tile-still">{still}</span> : children;
}

function useAge(tsMs, template, ahead) {
  const { lead, asOfMs, t } = useLive();
  return useClock((now) => {
    if (tsMs === 0 || now === 0) return "";
    const seconds = (databaseClock(now, asOfMs, lead) - tsMs) / 1000;
    return seconds < -1
      ? fill(ahead, { age: ageText(-seconds, t) })
      : fill(template, { age: ageText(seconds, t) });
  });
}

// The time of the last answer as text while the database does not answer; else empty.
export function useAsOf(template) {
  const { asOfMs, zone } = useLive();
  return useClock((now) => (asOfMs > 0 && now > 0 ? fill(template, { time: timeText(asOfMs, zone, now) }) : ""));
}

export function Age(props) {
  const { tsMs, state } = useContext(FreshContext);
  const { t } = useLive();
  const age = useAge(tsMs, t.ago, t.ahead);
  const asOf = useAsOf(t.as_of);
  return (
    <span {...props}>
      {MARK[state] === "old" ? <Mark kind="old" /> : null}
      {age ? asOf || age : t.never_seen}
    </span>
  );
}

const MARK = { ok: "ok", late: "old", lost: "old", never: "never" };

export function CommBadge({ testid }) {
  const { allowedS, tsMs, state, still } = useContext(FreshContext);
  const { t } = useLive();
  const why = useAge(tsMs, t[`comm_why_${state}`], t.comm_why_ahead) || t.comm_why_never;
  const asOf = useAsOf(t.comm_as_of);
  const limits = { allowed: ageText(allowedS, t), lost: ageText(LOST_FACTOR * allowedS, t) };
  return (
    <Explain
      className="badge"
      data-testid={testid}
      data-comm={state}
      title={t.comm_title}
      data-still={still !== "" || undefined}
      lines={[asOf || why, still ? fill(t.comm_why_still, { still }) : fill(t.comm_rule, limits)]}
    >
      <Mark kind={still ? "still" : MARK[state]} />
      {still ? t.comm_still : t[`comm_${state}`]}
    </Explain>
  );
}

// The Comm state without a popover, for rows that open the detail themselves.
export function CommCell({ testid }) {
  const { tsMs, state, still, stillAge } = useContext(FreshContext);
  const { t } = useLive();
  const age = useAge(tsMs, "{age}", t.ahead);
  const asOf = useAsOf(t.as_of);
  return (
    <span className="comm-cell" data-testid={testid} data-comm={state} data-still={still !== "" || undefined} title={still || asOf || undefined}>
      <Mark kind={still ? "still" : MARK[state]} />
      <span>{still ? t.comm_still : t[`comm_${state}`]}</span>
      <span className="comm-cell-age">{still ? stillAge : age}</span>
      {asOf ? <span className="comm-cell-asof">{asOf}</span> : null}
    </span>
  );
}

const LEVELS = ["ok", "warn", "crit"];

// The state as symbol and word, and since when. The state of a silent tag is that of its newest sample.
export function State({ level, sinceMs, atLeast, byMinute }) {
  const { state } = useContext(FreshContext);
  const { lead, asOfMs, zone, t } = useLive();
  const kind = LEVELS[level] ?? "none";
  const isCurrent = state === "ok";
  const since = useClock((now) => {
    if (now === 0 || kind === "none") return "";
    if (!isCurrent) return t.state_then;
    if (sinceMs === 0) return kind === "ok" ? "" : t.state_unknown;
    const clock = databaseClock(now, asOfMs, lead);
    const time = timeText(sinceMs, zone, clock);
    const values = { time: byMinute ? time.slice(0, -3) : time, age: ageText((clock - sinceMs) / 1000, t) };
    return fill(atLeast ? t.state_least : t.state_since, values);
  });
  return (
    <span className="state" data-kind={isCurrent ? kind : "old"} data-level={level} data-since={sinceMs} data-testid="standing-state">
      <span className="badge" data-level={isCurrent && level > 0 ? level : undefined}>
        <Mark kind={kind === "none" ? "never" : kind} />
        <span className="state-word" role="status">{t[`state_${kind}`]}</span>
      </span>
      <span className="state-since" data-testid="standing-since">{since}</span>
    </span>
  );
}

// The time of the newest sample as text; empty if there is none.
export function useNewest() {
  const { tsMs } = useContext(FreshContext);
  const { zone } = useLive();
  return tsMs === 0 ? "" : stamp(tsMs, zone);
}
