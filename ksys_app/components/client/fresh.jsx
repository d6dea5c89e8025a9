// A tag's age and its Comm state; both go on in the browser when nothing arrives any more.
import { createContext, useContext } from "react";
import { ageText, fill, useClock } from "./clock.js";
import { Explain } from "./explain.jsx";
import { useLive } from "./live.jsx";
import { Mark } from "./mark.jsx";

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

// Judged by the server at its last tick and by this clock now: the worse of the two holds.
function useComm(tsMs, allowedS, comm) {
  const { lead } = useLive();
  return useClock((now) => worse(comm, commState(tsMs, allowedS, now > 0 ? now + lead : 0)));
}

export function Fresh({ element: Tag = "article", tsMs, allowedS, comm, children, ...rest }) {
  const state = useComm(tsMs, allowedS, comm);
  return (
    <FreshContext.Provider value={{ tsMs, allowedS, state }}>
      <Tag data-comm={state} {...rest}>{children}</Tag>
    </FreshContext.Provider>
  );
}

function useAge(tsMs, template, ahead) {
  const { lead } = useLive();
  return useClock((now) => {
    if (tsMs === 0 || now === 0) return "";
    const seconds = (now + lead - tsMs) / 1000;
    return seconds < -1
      ? fill(ahead, { age: ageText(-seconds) })
      : fill(template, { age: ageText(seconds) });
  });
}

export function Age(props) {
  const { tsMs, state } = useContext(FreshContext);
  const { t } = useLive();
  const age = useAge(tsMs, t.ago, t.ahead);
  return (
    <span {...props}>
      {MARK[state] === "old" ? <Mark kind="old" /> : null}
      {age || t.never_seen}
    </span>
  );
}

const MARK = { ok: "ok", late: "old", lost: "old", never: "never" };

export function CommBadge({ testid }) {
  const { allowedS, tsMs, state } = useContext(FreshContext);
  const { t } = useLive();
  const why = useAge(tsMs, t[`comm_why_${state}`], t.comm_why_ahead) || t.comm_why_never;
  const limits = { allowed: ageText(allowedS), lost: ageText(LOST_FACTOR * allowedS) };
  return (
    <Explain
      className="badge"
      data-testid={testid}
      data-comm={state}
      title={t.comm_title}
      lines={[why, fill(t.comm_rule, limits)]}
    >
      <Mark kind={MARK[state]} />
      {t[`comm_${state}`]}
    </Explain>
  );
}

// The same without a popover, for rows where the row itself opens the detail.
export function CommCell({ testid }) {
  const { tsMs, state } = useContext(FreshContext);
  const { t } = useLive();
  const age = useAge(tsMs, "{age}", t.ahead);
  return (
    <span className="comm-cell" data-testid={testid} data-comm={state}>
      <Mark kind={MARK[state]} />
      <span>{t[`comm_${state}`]}</span>
      <span className="comm-cell-age">{age}</span>
    </span>
  );
}

// How many tags are in which state, the bad ones only.
export function Summary({ rows }) {
  const { lead, t } = useLive();
  const counts = useClock((now) => {
    const tally = { crit: 0, warn: 0, old: 0, never: 0 };
    for (const row of rows ?? []) {
      const level = Math.max(row.status_level, row.alarm_level);
      if (level === 2) tally.crit += 1;
      if (level === 1) tally.warn += 1;
      const state = worse(row.comm, commState(row.ts_ms, row.allowed_s, now > 0 ? now + lead : 0));
      if (state === "never") tally.never += 1;
      else if (state !== "ok") tally.old += 1;
    }
    return JSON.stringify(tally);
  });
  const tally = JSON.parse(counts);
  return (
    <ul className="summary" data-testid="summary" aria-label={t.summary}>
      {Object.keys(tally).filter((key) => tally[key] > 0).map((key) => (
        <li key={key}>
          <Mark kind={key} />
          {fill(t[`count_${key}`], { n: tally[key] })}
        </li>
      ))}
    </ul>
  );
}
