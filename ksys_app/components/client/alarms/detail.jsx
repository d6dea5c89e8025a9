// The detail of one alarm: its state, actions, guidance, a chart of the values around its raise, and its history.
import { useEffect, useState } from "react";
import { Link } from "react-router";
import { aside, ofGroup, raisedMs, assignable, waits } from "./snapshot.js";
import { around, trendLink, windowOf } from "./link.js";
import { RaiseChart } from "./raisechart.jsx";
import { History } from "./history.jsx";
import { figuresOf } from "./figures.js";
import { Priority, message, currentValueText, stateWord } from "./words.jsx";
import { Modal } from "../shell/modal.jsx";
import { useLive } from "../shell/live.jsx";
import { at } from "../lib/paths.js";
import { ageText } from "../lib/age.js";
import { useClock } from "../lib/clock.js";
import { useWords } from "../lib/usewords.js";
import { fill } from "../lib/words.js";
import { stamp } from "../lib/zone.js";

export function Detail({ row, may, start, onClose }) {
  const { zone } = useLive();
  const { alarms: al, edit: ed, live: t, pages } = useWords();
  const raised = raisedMs(row);
  const age = useClock((now) => (now ? ageText((now - raised) / 1000, t) : ""));
  const facts = [
    [al.col_state, <span className="al-prio" key="state"><Priority priority={row.priority} quiet={!waits(row)} />{al[`prio_${row.priority}`]}, {stateWord(row, al)}</span>],
    [al.raised, raised ? `${stamp(raised, zone)} (${age})` : ""],
    [al.at_raise, figuresOf(row, t)],
    [al.value_now, ofGroup(row) ? "" : currentValueText(row)],
    [al.cleared, row.cleared_at ? stamp(Date.parse(row.cleared_at), zone) : ""],
    [al.col_who, row.acked_by ? [row.acked_by, row.acked_at ? stamp(Date.parse(row.acked_at), zone) : "", row.ack_comment].filter(Boolean).join(" · ") : ""],
    [al.on_it_title, row.assigned_to ? [row.assigned_to, row.assigned_at ? stamp(Date.parse(row.assigned_at), zone) : ""].filter(Boolean).join(" · ") : ""],
    [al.col_aside, [row.out_of_service_by || row.shelved_by || row.suppressed_by, row.out_of_service_reason || row.shelved_reason, row.shelved_until ? stamp(Date.parse(row.shelved_until), zone) : ""].filter(Boolean).join(" · ")],
    [al.times, row.count > 1 ? String(row.count) : ""],
    [al.group, row.group],
  ].filter(([, text]) => text);
  return (
    <Modal open onClose={onClose} title={`${row.tag_name}: ${message(row, al)}`} subtitle={row.title ?? ""} closeLabel={pages.close}
      kind="dialog alarm-detail" data-testid="alarm-detail">
      <div className="alarm-body">
        <section aria-label={al.now_title}>
          <dl className="figures">{facts.map(([term, text]) => <div key={term}><dt>{term}</dt><dd>{text}</dd></div>)}</dl>
          <Actions row={row} may={may} start={start} al={al} onClose={onClose} />
        </section>
        <Guidance row={row} al={al} />
        {raised && !ofGroup(row) ? <RaiseSection row={row} raised={raised} al={al} /> : null}
        <section>
          <h3>{al.history}</h3>
          <History tag={row.tag_name} condition={row.condition} />
        </section>
      </div>
      <footer className="dialog-links">
        {ofGroup(row) ? <Link to={`/alarms?view=aside&group=${encodeURIComponent(row.group)}`}>{al.its_tags}</Link> : <Trend row={row} raised={raised} al={al} />}
        <Link to={`/alarms/journal?tag=${encodeURIComponent(row.tag_name)}&condition=${row.condition}`}>{al.in_journal}</Link>
        {ofGroup(row) ? null : <Link to={`/limits?tag=${encodeURIComponent(row.tag_name)}`}>{ed.edit_limits}</Link>}
      </footer>
    </Modal>
  );
}

function Trend({ row, raised, al }) {
  const to = useClock((now) => trendLink(row.tag_name, raised, Math.floor(now / 60_000) * 60_000));
  return <Link to={to}>{al.trend}</Link>;
}

// The actions that the state allows. If the user may not act, the reason is written below the buttons, not only in tooltips.
function Actions({ row, may, start, al, onClose }) {
  const act = (verb, options) => {
    onClose();
    start(verb, [row], options);
  };
  const isAside = aside(row);
  const actions = [
    waits(row) && !isAside && ["ack", may.act, { ask: true }],
    assignable(row, may.name) && ["assign", may.act],
    row.state === "acked" && ["unack", may.act],
    (row.state === "latched" || row.latched) && !isAside && ["reset", waits(row) ? al.reset_after_ack : may.act],
    !isAside && ["shelve", may.act],
    isAside && row.state === "shelved" && ["unshelve", may.act],
    row.state !== "out_of_service" && ["out_of_service", may.serve],
    row.state === "out_of_service" && ["in_service", may.serve],
  ].filter(Boolean);
  const reasons = [...new Set(actions.map(([, reason]) => reason).filter(Boolean))];
  return (
    <div className="alarm-actions">
      {actions.map(([verb, reason, options]) => (
        <button key={verb} type="button" className={verb === "ack" ? "control control-primary" : "control"} disabled={Boolean(reason)} title={reason || undefined}
          data-testid={`detail-${verb}`} onClick={() => act(verb, options)}>{al[`do_${verb}`]}</button>
      ))}
      {reasons.map((reason) => <p key={reason} className="note">{reason}</p>)}
    </div>
  );
}

function Guidance({ row, al }) {
  const parts = ["cause", "consequence", "response"].filter((name) => row[name]);
  return (
    <section>
      <h3>{al.guidance}</h3>
      {parts.length === 0 ? <p className="note">{al.no_guidance}</p> : (
        <dl className="guidance">{parts.map((name) => <div key={name}><dt>{al[`guide_${name}`]}</dt><dd>{row[name]}</dd></div>)}</dl>
      )}
    </section>
  );
}

// The chart of the tag's values around the raise, fetched once.
function RaiseSection({ row, raised, al }) {
  const [data, setData] = useState(null);
  const [now] = useState(() => Date.now());
  const span = windowOf(raised, now);
  useEffect(() => {
    if (!span) return undefined;
    const stop = new AbortController();
    const query = new URLSearchParams({ tag: row.tag_name, window: span, format: "columns" });
    fetch(at(`/api/v1/timeseries?${query}`), { signal: stop.signal, cache: "no-cache" })
      .then((answer) => (answer.ok ? answer.json() : Promise.reject(new Error())))
      .then(({ columns }) => setData(columns), () => setData({}));
    return () => stop.abort();
  }, [row.tag_name, span]);
  const range = around(raised, now);
  return (
    <section>
      <h3>{fill(al.around, { min: "15" })}</h3>
      {data?.bucket ? <RaiseChart columns={data} range={range} raised={raised} limit={row.condition === "GAP" ? null : row.limit_value} /> : (
        <p className="note">{span === null || data ? al.no_course : al.reading}</p>
      )}
    </section>
  );
}
