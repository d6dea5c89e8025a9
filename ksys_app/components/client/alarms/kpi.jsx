// The performance of the alarm system in a period: figures with their definitions, and the alarms behind them.
import { useCallback, useEffect, useState } from "react";
import { Link, useLocation } from "react-router";
import { fromQuery, link, toQuery, requestQuery } from "./journal.js";
import { Period } from "./period.jsx";
import { Slots } from "./slots.jsx";
import { Tabs } from "./tabs.jsx";
import { Priority } from "./words.jsx";
import { Mark } from "../grid/mark.jsx";
import { Scrollable } from "../shell/scrollable.jsx";
import { useLive } from "../shell/live.jsx";
import { ageText } from "../lib/age.js";
import { Refused } from "../lib/load.js";
import { brief, DASH } from "../lib/figures.js";
import { at } from "../lib/paths.js";
import { useWords } from "../lib/usewords.js";
import { counted, fill, say } from "../lib/words.js";
import { stamp } from "../lib/zone.js";

const SPANS = ["24h", "7d", "30d"];
const DEFAULT_SPAN = "7d";

export function AlarmKpi() {
  const words = useWords();
  const { alarms: al } = words;
  const { zone } = useLive();
  const [period, change] = usePeriod();
  const { kpi, failed } = useKpi(period);
  return (
    <div className="alarm-page">
      <Tabs shown="kpi" />
      <div className="alarm-tools">
        <Period period={period} change={change} spans={SPANS} defaultSpan={DEFAULT_SPAN} />
        {kpi ? <span className="alarm-shown">{stamp(Date.parse(kpi.from), zone).slice(0, 16)} – {stamp(Date.parse(kpi.to), zone).slice(0, 16)}</span> : null}
      </div>
      {failed ? <p className="alarm-none" role="alert">{fill(al.figures_failed, { why: say(words, failed) })}</p> : null}
      {!kpi && !failed ? <p className="note" role="status">{al.reading}</p> : null}
      {kpi ? (
        <>
          <Figures figures={kpi.figures} words={words} />
          <Slots slots={kpi.slots} from={Date.parse(kpi.from)} />
          <AlarmLists kpi={kpi} words={words} zone={zone} />
        </>
      ) : null}
    </div>
  );
}

function usePeriod() {
  const { search, key } = useLocation();
  const fromAddress = useCallback(() => {
    const period = fromQuery(search);
    return { ...period, span: new URLSearchParams(search).has("span") || !period.span ? period.span : DEFAULT_SPAN };
  }, [search]);
  const [period, setPeriod] = useState(fromAddress);
  useEffect(() => setPeriod(fromAddress()), [fromAddress, key]);
  const change = useCallback((part) => setPeriod((before) => {
    const next = { ...before, ...part };
    const query = new URLSearchParams(Object.entries({ span: next.span === DEFAULT_SPAN ? "" : next.span, from: next.from, to: next.to }).filter(([, text]) => text));
    window.history.replaceState(window.history.state, "", at("/alarms/kpi") + (query.size ? `?${query}` : ""));
    return next;
  }), []);
  return [period, change];
}

function useKpi(period) {
  const [result, setResult] = useState({ kpi: null, failed: null });
  const periodKey = toQuery({ from: period.from, to: period.to, span: period.span });
  useEffect(() => {
    const stop = new AbortController();
    const query = requestQuery({ from: period.from, to: period.to, span: period.span }, Date.now());
    setResult({ kpi: null, failed: null });
    fetch(at(`/api/v1/alarms/kpi?${query}`), { cache: "no-store", signal: stop.signal }).then(async (answer) => {
      const kpi = await answer.json().catch(() => ({}));
      if (!answer.ok) throw new Refused(kpi.error, answer.status);
      setResult({ kpi, failed: null });
    }).catch((error) => stop.signal.aborted || setResult({ kpi: null, failed: error.said ?? { key: "alarms.no_server", values: {} } }));
    return () => stop.abort();
  }, [periodKey]);
  return result;
}

const KINDS = { good: "ok", fair: "warn", poor: "crit" };

const valueText = ({ value, unit }, t) => {
  if (value === null) return DASH;
  if (unit === "s") return ageText(value, t);
  return `${brief(Number(value.toPrecision(3)))}${unit && ` ${unit}`}`;
};

function targetText({ good, limit, unit }, al) {
  if (good === null) return "";
  const most = good === 0 ? "0" : `≤ ${[brief(good), unit].filter(Boolean).join(" ")}`;
  return limit === good ? most : `${most}, ${fill(al.poor_over, { limit: brief(limit) })}`;
}

// The table of figures: value, verdict, target and definition.
function Figures({ figures, words }) {
  const { alarms: al, live: t } = words;
  return (
    <Scrollable label={al.tab_kpi} className="grid-scroll kpi-scroll">
      <table className="series kpi" data-testid="kpi-figures">
        <caption className="sr-only">{al.tab_kpi}</caption>
        <thead><tr>{["figure", "number", "verdict", "good", "definition"].map((name) => <th key={name} scope="col" className={name === "number" ? "num" : ""}>{al[`head_${name}`]}</th>)}</tr></thead>
        <tbody>
          {figures.map((row) => (
            <tr key={row.name} data-verdict={row.verdict} data-testid={`figure-${row.name}`}>
              <th scope="row">{al[`figure_${row.name}`] ?? row.name}</th>
              <td className="num"><strong>{valueText(row, t)}</strong></td>
              <td>{KINDS[row.verdict] ? <span className="state" data-kind={KINDS[row.verdict]}><Mark kind={KINDS[row.verdict]} />{al[`verdict_${row.verdict}`]}</span> : ""}</td>
              <td>{targetText(row, al)}</td>
              <td className="kpi-what">{al[`means_${row.name}`] ?? row.formula}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scrollable>
  );
}

// The lists of the alarms behind the figures. Each line links to the alarm's rows in the journal.
function AlarmLists({ kpi, words, zone }) {
  const { alarms: al, live: t } = words;
  const time = { from: kpi.from, to: kpi.to };
  const to = ({ tag_name: tag, condition }) => link({ ...time, tag, condition });
  const share = (row) => `${brief(Number((100 * row.share).toPrecision(3)))} %`;
  const clock = (text) => stamp(Date.parse(text), zone).slice(0, 19);
  const lists = {
    bad_actors: [kpi.bad_actors, to, (row) => [row.count, share(row)]],
    chattering: [kpi.chattering, to, (row) => [row.count, fill(al.most_in_minute, { n: String(row.most_in_60_s) })]],
    fleeting: [kpi.fleeting, to, (row) => [row.count, share(row)]],
    stale: [kpi.stale, to, (row) => [ageText(row.seconds, t), row.raised_at ? clock(row.raised_at) : ""]],
    floods: [kpi.floods, (row) => link({ from: row.start, to: row.end }), (row) => [row.count, ageText((Date.parse(row.end) - Date.parse(row.start)) / 1000, t)]],
    time_in_alarm: [kpi.time_in_alarm, to, (row) => [ageText(row.seconds, t), ""]],
    renewed: [kpi.renewed_shelves, to, (row) => [row.count, ""]],
    unreasoned: [kpi.unreasoned_changes, (row) => `/limits?tag=${encodeURIComponent(row.tag_name)}`,
      (row) => [row.unreasoned, counted(al.of_changes, row.changes)]],
  };
  return (
    <div className="kpi-lists">
      {Object.entries(lists).map(([name, [rows, linkOf, detailsOf]]) => (
        <section key={name} className="table-box" aria-label={al[`list_${name}`]}>
          <h2>{al[`list_${name}`]}</h2>
          {rows.length === 0 ? <p className="note">{al.none_here}</p> : (
            <ol data-testid={`list-${name}`}>
              {rows.map((row, place) => (
                <li key={place}>
                  <Link to={linkOf(row)}>{row.tag_name ? <>{row.tag_name} <span className="about">{al[`what_${row.condition}`]}</span></> : clock(row.start)}</Link>
                  {detailsOf(row).filter((text) => text !== "").map((text, at) => <span key={at}>{text}</span>)}
                </li>
              ))}
            </ol>
          )}
        </section>
      ))}
      <TimeToAck rows={kpi.time_to_ack} al={al} t={t} />
    </div>
  );
}

function TimeToAck({ rows, al, t }) {
  const age = (seconds) => (seconds === null ? DASH : ageText(seconds, t));
  const names = ["priority", "raised", "acked_n", "median", "p95", "missed"];
  return (
    <section className="table-box" aria-label={al.list_time_to_ack}>
      <h2>{al.list_time_to_ack}</h2>
      <table className="samples">
        <thead><tr>{names.map((name) => <th key={name} scope="col">{al[`head_${name}`]}</th>)}</tr></thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.priority}>
              <td>{row.priority ? <span className="al-prio"><Priority priority={row.priority} quiet />{al[`prio_${row.priority}`]}</span> : al.all_priorities}</td>
              <td>{row.raised}</td><td>{row.acked}</td><td>{age(row.median_s)}</td><td>{age(row.p95_s)}</td>
              <td>{row.cleared_unacked === null ? DASH : `${brief(Number((100 * row.cleared_unacked).toPrecision(3)))} %`}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
