// The tool of relations: the pairs of two tags, the distribution or the hours of the week of one tag, or the correlations of all tags.
import { useMemo, useRef } from "react";
import { useFetched } from "../../lib/columns.js";
import { useWords } from "../../lib/usewords.js";
import { capital, fill, say } from "../../lib/words.js";
import { stamp } from "../../lib/zone.js";
import { useExplore } from "../store.jsx";
import { Distribution } from "./distribution.jsx";
import { Matrix } from "./matrix.jsx";
import { Pair } from "./pair.jsx";
import { MAX_DAYS, RELATIONS, chosen, isTooLong, requestOf, timeOf } from "./requests.js";
import { Week } from "./week.jsx";

const COMPONENTS = { xy: Pair, histogram: Distribution, heatmap: Week, matrix: Matrix };

export function Relations() {
  const { tags, relation, timeQuery, part, zoom, version, data, loading: chartLoading, act, x, t } = useExplore();
  const words = useWords();
  const selected = useMemo(() => chosen(relation, tags), [relation, tags]);
  const time = useMemo(() => timeOf({ timeQuery, part, zoom }), [timeQuery, part, zoom]);
  const range = part.length === 2 ? part : zoom.length === 2 ? zoom : data ? [data.from, data.to] : null;
  const long = selected.rel === "heatmap" && range !== null && isTooLong({ from: range[0], to: range[1] });
  // The length of the time is not known until the chart has loaded.
  const waits = selected.rel === "heatmap" && range === null && chartLoading;
  const url = long ? null : requestOf(selected, tags, time);
  const { data: fresh, loading, failed, again } = useFetched(waits ? "" : url ?? "", version);
  const body = useLastBody(fresh, requestOf({ ...selected, lag: 0 }, tags, time));
  const choose = (change) => {
    const next = { ...selected, ...change };
    act.chooseRelation(next.rel, next.x, next.y, next.lag);
  };
  const Relation = COMPONENTS[selected.rel];
  return (
    <section className="rel" data-testid="relations" data-state={body ? "drawn" : failed ? "error" : loading && url ? "loading" : "empty"}>
      <Head selected={selected} tags={tags} choose={choose} x={x} />
      {long ? <p className="rel-empty">{capital(words, { key: "errors.week_long", values: { days: MAX_DAYS } })}.</p> : null}
      {!url && !long ? <p className="rel-empty" data-testid="relation-empty">{x.rel_two}</p> : null}
      {url && failed && !body ? (
        <div className="rel-empty" role="alert" data-testid="relation-error">
          <p>{fill(t.chart_failed, { message: failed.said ? say(words, failed.said) : failed.message })}</p>
          <button type="button" className="control" onClick={again}>{t.retry}</button>
        </div>
      ) : null}
      {url && !body && !failed ? <div className="bone rel-bone" aria-hidden="true" /> : null}
      {url && body ? (
        <>
          <Relation body={body} selected={selected} choose={choose} />
          <Source body={body} part={part} zoom={zoom} x={x} />
        </>
      ) : null}
    </section>
  );
}

// The fresh answer, or the last one with the same `key`, which ignores the lag: so the chart stays while the answer for another lag is fetched.
function useLastBody(fresh, key) {
  const last = useRef({ key: null, body: null });
  if (fresh) last.current = { key, body: fresh };
  return last.current.key === key ? last.current.body : null;
}

function Head({ selected, tags, choose, x }) {
  const pair = selected.rel === "xy";
  return (
    <div className="rel-head">
      <div className="segmented" role="group" aria-label={x.tool_relations}>
        {RELATIONS.map((name) => (
          <button key={name} type="button" aria-pressed={name === selected.rel} data-testid={`relation-${name}`}
            onClick={() => choose({ rel: name })}>{x[`rel_kind_${name}`]}</button>
        ))}
      </div>
      {selected.rel === "matrix" ? null : (
        <div className="rel-tags">
          <Tag label={pair ? x.rel_x : x.rel_tag} value={selected.x} tags={tags} name="x"
            onChoose={(tag) => choose(tag === selected.y ? { x: tag, y: selected.x, lag: 0 } : { x: tag, lag: 0 })} />
          {pair && tags.length > 1 ? (
            <>
              <button type="button" className="control control-small" aria-label={x.rel_swap} title={x.rel_swap}
                data-testid="relation-swap" onClick={() => choose({ x: selected.y, y: selected.x, lag: -selected.lag })}>⇄</button>
              <Tag label={x.rel_y} value={selected.y} tags={tags} name="y"
                onChoose={(tag) => choose(tag === selected.x ? { x: selected.y, y: tag, lag: 0 } : { y: tag, lag: 0 })} />
            </>
          ) : null}
        </div>
      )}
    </div>
  );
}

function Tag({ label, value, tags, name, onChoose }) {
  return (
    <label className="rel-tag">
      <span>{label}</span>
      <select className="control" value={value} data-testid={`relation-${name}`} onChange={(event) => onChoose(event.target.value)}>
        {tags.map((tag) => <option key={tag} value={tag}>{tag}</option>)}
      </select>
    </label>
  );
}

// The time of the values, and whether they are samples or means of buckets.
function Source({ body, part, zoom, x }) {
  const { zone } = useExplore();
  const [from, to] = [body.from, body.to].map((text) => stamp(Date.parse(text), zone).slice(0, 16));
  const scope = part.length === 2 ? x.rel_selected : zoom.length === 2 ? x.rel_seen : "";
  const values = body.source === "raw" ? x.rel_samples : fill(x.rel_means, { bucket: x[`bucket_${body.bucket}`] });
  return (
    <p className="note" data-testid="relation-source">
      {[scope, `${from} – ${to}`, values, body.truncated ? x.rel_truncated : ""].filter(Boolean).join(" · ")}
    </p>
  );
}
