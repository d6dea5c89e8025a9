// How well the alarms serve an operator: the figures of a time with their definitions, and the alarms behind them.
import { useCallback, useEffect, useState } from "react";
import { Link, useLocation } from "react-router";
import { fromQuery, link, toQuery, wanted } from "./journal.js";
import { Span } from "./moment.jsx";
import { Slots } from "./slots.jsx";
import { Tabs } from "./tabs.jsx";
import { Priority } from "./words.jsx";
import { Mark } from "../grid/mark.jsx";
import { Scrollable } from "../shell/scrollable.jsx";
import { useLive } from "../shell/live.jsx";
import { ageText } from "../lib/age.js";
import { Refused } from "../lib/columns.js";
import { brief, DASH } from "../lib/figures.js";
import { at } from "../lib/paths.js";
import { useWords } from "../lib/usewords.js";
import { counted, fill, say } from "../lib/words.js";
import { stamp } from "../lib/zone.js";

const SPANS = ["24h", "7d", "30d"];
const USUAL = "7d";

export function AlarmKpi() {
  const words = useWords();
  const { alarms: al } = words;
  const { zone } = useLive();
  const [asked, change] = useTime();
  const { found, failed } = useFigures(asked);
  return (
    <div className="alarm-page">
      <Tabs shown="kpi" />
      <div className="alarm-tools">
        <Span asked={asked} change={change} spans={SPANS} usual={USUAL} />
        {found ? <span className="alarm-shown">{stamp(Date.parse(found.from), zone).slice(0, 16)} – {stamp(Date.parse(found.to), zone).slice(0, 16)}</span> : null}
      </div>
      {failed ? <p className="alarm-none" role="alert">{fill(al.figures_failed, { why: say(words, failed) })}</p> : null}
      {!found && !failed ? <p className="note" role="status">{al.reading}</p> : null}
      {found ? (
        <>
          <Figures figures={found.figures} words={words} />
          <Slots slots={found.slots} from={Date.parse(found.from)} />
          <Behind found={found} words={words} zone={zone} />
        </>
      ) : null}
    </div>
  );
}

function useTime() {
  const { search, key } = useLocation();
  const read = useCallback(() => {
    const asked = fromQuery(search);
    return { ...asked, span: new URLSearchParams(search).has("span") || !asked.span ? asked.span : USUAL };
  }, [search]);
  const [asked, setAsked] = useState(read);
  useEffect(() => setAsked(read()), [read, key]);
  const change = useCallback((part) => setAsked((before) => {
    const next = { ...before, ...part };
    const query = new URLSearchParams(Object.entries({ span: next.span === USUAL ? "" : next.span, from: next.from, to: next.to }).filter(([, text]) => text));
    window.history.replaceState(window.history.state, "", at("/alarms/kpi") + (query.size ? `?${query}` : ""));
    return next;
  }), []);
  return [asked, change];
}

function useFigures(asked) {
  const [held, setHeld] = useState({ found: null, failed: null });
  const question = toQuery({ from: asked.from, to: asked.to, span: asked.span });
  useEffect(() => {
    const stop = new AbortController();
    const query = wanted({ from: asked.from, to: asked.to, span: asked.span }, Date.now());
    setHeld({ found: null, failed: null });
    fetch(at(`/api/v1/alarms/kpi?${query}`), { cache: "no-store", signal: stop.signal }).then(async (answer) => {
      const found = await answer.json().catch(() => ({}));
      if (!answer.ok) throw new Refused(found.error?.code, answer.status);
      setHeld({ found, failed: null });
    }).catch((error) => stop.signal.aborted || setHeld({ found: null, failed: error.said ?? { key: "alarms.no_server", values: {} } }));
    return () => stop.abort();
  }, [question]);
  return held;
}

const KINDS = { good: "ok", fair: "warn", poor: "crit" };

const valued = ({ value, unit }, t) => {
  if (value === null) return DASH;
  if (unit === "s") return ageText(value, t);
  return `${brief(Number(value.toPrecision(3)))}${unit && ` ${unit}`}`;
};

function goodOf({ good, limit, unit }, al) {
  if (good === null) return "";
  const most = good === 0 ? "0" : `≤ ${[brief(good), unit].filter(Boolean).join(" ")}`;
  return limit === good ? most : `${most}, ${fill(al.poor_over, { limit: brief(limit) })}`;
}

// A figure, how good it is in a word, what is good, and how it is defined, side by side.
function Figures({ figures, words }) {
  const { alarms: al, live: t } = words;
  return (
    <Scrollable label={al.tab_kpi} className="grid-scroll kpi-scroll">
      <table className="series kpi" data-testid="kpi-figures">
        <caption className="sr-only">{al.tab_kpi}</caption>
        <thead><tr>{["figure", "number", "verdict", "good", "definition"].map((name) => <th key={name} scope="col" className={name === "number" ? "num" : ""}>{al[`head_${name}`]}</th>)}</tr></thead>
        <tbody>
          {figures.map((one) => (
            <tr key={one.name} data-verdict={one.verdict} data-testid={`figure-${one.name}`}>
              <th scope="row">{al[`figure_${one.name}`] ?? one.name}</th>
              <td className="num"><strong>{valued(one, t)}</strong></td>
              <td>{KINDS[one.verdict] ? <span className="state" data-kind={KINDS[one.verdict]}><Mark kind={KINDS[one.verdict]} />{al[`verdict_${one.verdict}`]}</span> : ""}</td>
              <td>{goodOf(one, al)}</td>
              <td className="kpi-what">{al[`means_${one.name}`] ?? one.formula}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scrollable>
  );
}

// Lists of the alarms that make the figures; each line leads to its rows in the journal.
function Behind({ found, words, zone }) {
  const { alarms: al, live: t } = words;
  const time = { from: found.from, to: found.to };
  const to = ({ tag_name: tag, condition }) => link({ ...time, tag, condition });
  const share = (one) => `${brief(Number((100 * one.share).toPrecision(3)))} %`;
  const clock = (text) => stamp(Date.parse(text), zone).slice(0, 19);
  const lists = {
    bad_actors: [found.bad_actors, to, (one) => [one.count, share(one)]],
    chattering: [found.chattering, to, (one) => [one.count, fill(al.most_in_minute, { n: String(one.most_in_60_s) })]],
    fleeting: [found.fleeting, to, (one) => [one.count, share(one)]],
    stale: [found.stale, to, (one) => [ageText(one.seconds, t), one.raised_at ? clock(one.raised_at) : ""]],
    floods: [found.floods, (one) => link({ from: one.start, to: one.end }), (one) => [one.count, ageText((Date.parse(one.end) - Date.parse(one.start)) / 1000, t)]],
    time_in_alarm: [found.time_in_alarm, to, (one) => [ageText(one.seconds, t), ""]],
    renewed: [found.renewed_shelves, to, (one) => [one.count, ""]],
    unreasoned: [found.unreasoned_changes, (one) => `/limits?tag=${encodeURIComponent(one.tag_name)}`,
      (one) => [one.unreasoned, counted(al.of_changes, one.changes)]],
  };
  return (
    <div className="kpi-lists">
      {Object.entries(lists).map(([name, [rows, way, said]]) => (
        <section key={name} className="table-box" aria-label={al[`list_${name}`]}>
          <h2>{al[`list_${name}`]}</h2>
          {rows.length === 0 ? <p className="note">{al.none_here}</p> : (
            <ol data-testid={`list-${name}`}>
              {rows.map((one, place) => (
                <li key={place}>
                  <Link to={way(one)}>{one.tag_name ? <>{one.tag_name} <span className="about">{al[`what_${one.condition}`]}</span></> : clock(one.start)}</Link>
                  {said(one).filter((text) => text !== "").map((text, at) => <span key={at}>{text}</span>)}
                </li>
              ))}
            </ol>
          )}
        </section>
      ))}
      <Answering rows={found.time_to_ack} al={al} t={t} />
    </div>
  );
}

function Answering({ rows, al, t }) {
  const age = (seconds) => (seconds === null ? DASH : ageText(seconds, t));
  const names = ["priority", "raised", "acked_n", "median", "p95", "missed"];
  return (
    <section className="table-box" aria-label={al.list_time_to_ack}>
      <h2>{al.list_time_to_ack}</h2>
      <table className="samples">
        <thead><tr>{names.map((name) => <th key={name} scope="col">{al[`head_${name}`]}</th>)}</tr></thead>
        <tbody>
          {rows.map((one) => (
            <tr key={one.priority}>
              <td>{one.priority ? <span className="al-prio"><Priority priority={one.priority} quiet />{al[`prio_${one.priority}`]}</span> : al.all_priorities}</td>
              <td>{one.raised}</td><td>{one.acked}</td><td>{age(one.median_s)}</td><td>{age(one.p95_s)}</td>
              <td>{one.cleared_unacked === null ? DASH : `${brief(Number((100 * one.cleared_unacked).toPrecision(3)))} %`}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
