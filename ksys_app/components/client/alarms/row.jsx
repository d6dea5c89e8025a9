// A row of the list: an alarm with its figures and buttons.
import { memo } from "react";
import { Link } from "react-router";
import { ofGroup, raisedMs, waits } from "./snapshot.js";
import { trendLink } from "./link.js";
import { figuresOf } from "./figures.js";
import { Assignee, Priority, message, currentValueText, stateWord } from "./words.jsx";
import { Name } from "../grid/name.jsx";
import { ageText } from "../lib/age.js";
import { timeText, useClock } from "../lib/clock.js";
import { fill } from "../lib/words.js";

// The Tab key skips the buttons of the rows (`tabIndex` -1), because the keys of the list do the same.
export const Row = memo(/** @param {any} props */ function Row({ row, over, selected, may, zone, words, actions, aside }) {
  const { alarms: al, live: t } = words;
  const text = message(row, al);
  const canAck = !over && waits(row);
  return (
    <>
      <span role="gridcell" className="al-pick">
        <input type="checkbox" tabIndex={-1} checked={selected} disabled={over} aria-label={fill(al.select, { tag: row.tag_name, what: text })}
          data-testid={`select-${row.tag_name}`} onChange={() => actions.select(row)} onClick={(event) => event.stopPropagation()} />
      </span>
      <span role="gridcell" className="al-state">
        <span className="al-prio"><Priority priority={row.priority} quiet={!canAck} />{al[`prio_${row.priority}`]}{over ? null : <Assignee row={row} al={al} />}</span>
        <span className="al-word">{over ? al.over : stateWord(row, al)}</span>
      </span>
      <span role="gridcell" className="al-tag">
        <strong><Name text={row.tag_name} /></strong>
        {row.title ? <span className="about" title={row.title}>{row.title}</span> : null}
      </span>
      <span role="gridcell" className="al-what">
        <span className="al-message" title={text}>{text}</span>
        <span className="about">{[row.level || row.condition, row.group].filter(Boolean).join(" · ")}</span>
      </span>
      <span role="gridcell" className="al-value">
        <span title={al.at_raise}>{figuresOf(row, t)}</span>
        <span className="about">{ofGroup(row) ? "" : fill(al.now, { value: currentValueText(row) })}{row.quality && row.quality !== "GOOD" ? " ?" : ""}</span>
      </span>
      {aside ? <Until row={row} zone={zone} al={al} t={t} /> : <Since row={row} zone={zone} al={al} t={t} />}
      <span role="gridcell" className="al-who">
        {aside ? <Aside row={row} al={al} /> : <Acknowledged row={row} zone={zone} />}
      </span>
      <span role="gridcell" className="al-do">
        {aside ? (
          <button type="button" tabIndex={-1} className="control control-small" disabled={over || Boolean(may.back(row))} title={may.back(row)}
            data-testid={`unshelve-${row.tag_name}`} onClick={(event) => actions.back(row, event)}>{al.unshelve}</button>
        ) : (
          <button type="button" tabIndex={-1} className="control control-small" disabled={!canAck || Boolean(may.act)} title={may.act}
            data-testid={`ack-${row.tag_name}`} onClick={(event) => actions.ack(row, event)}>{al.ack}</button>
        )}
        {ofGroup(row) ? null : <TrendLink row={row} al={al} />}
      </span>
    </>
  );
});

function TrendLink({ row, al }) {
  const to = useClock((now) => trendLink(row.tag_name, raisedMs(row) || now, Math.floor(now / 60_000) * 60_000));
  return (
    <Link to={to} tabIndex={-1} className="icon-button" aria-label={fill(al.trend_of, { tag: row.tag_name })} title={al.trend}
      onClick={(event) => event.stopPropagation()}>
      <svg viewBox="0 0 24 24" width="16" height="16" aria-hidden="true" fill="none" stroke="currentColor" strokeWidth="2"
        strokeLinecap="round" strokeLinejoin="round"><path d="M3 3v18h18M7 15l4-5 4 3 5-7" /></svg>
    </Link>
  );
}

// Shortens a time with a date to `07-31 14:05`. The age beside it says the rest.
const short = (text) => (text.length > 10 ? text.slice(5, 16) : text);

function Since({ row, zone, al, t }) {
  const ms = raisedMs(row);
  const [age, at] = useClock((now) => (now ? `${ageText((now - ms) / 1000, t)}|${timeText(ms, zone, now)}` : "|")).split("|");
  return (
    <span role="gridcell" className="al-since">
      <span>{age}</span>
      <span className="about" title={at}>{short(at)}{row.count > 1 ? <span className="al-times" title={al.times}>×{row.count}</span> : null}</span>
    </span>
  );
}

// The remaining time for which an alarm is shelved.
function Until({ row, zone, al, t }) {
  const ms = row.shelved_until ? Date.parse(row.shelved_until) : 0;
  const text = useClock((now) => (ms && now ? `${fill(al.left, { age: ageText((ms - now) / 1000, t) })}|${timeText(ms, zone, now)}` : `${al.no_end}|`));
  const [left, at] = text.split("|");
  return (
    <span role="gridcell" className="al-since">
      <span>{left}</span>
      <span className="about">{at}</span>
    </span>
  );
}

function Acknowledged({ row, zone }) {
  const at = useClock((now) => (row.acked_at && now ? timeText(Date.parse(row.acked_at), zone, now) : ""));
  return (
    <>
      <span>{row.acked_by || (waits(row) ? "" : "–")}</span>
      <span className="about" title={row.ack_comment || undefined}>{[at, row.ack_comment].filter(Boolean).join(" · ")}</span>
    </>
  );
}

function Aside({ row, al }) {
  const by = row.out_of_service_by || row.shelved_by || row.suppressed_by || "";
  const reason = row.out_of_service_reason || row.shelved_reason || "";
  return (
    <>
      <span>{by || al.by_design}</span>
      <span className="about" title={reason || undefined}>{reason}</span>
    </>
  );
}
