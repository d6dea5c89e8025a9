// The comparison of two times: for each tag mean, smallest, largest and last value in both times, and their difference.
import { useEffect, useRef, useState } from "react";
import { useExplore } from "../store.jsx";
import { Copies, NoFigures, spanText, TagName } from "./parts.jsx";
import { useStatistics } from "./usestatistics.js";
import { comparedEnds, compareFigures, comparisonRows, csvOf, statsUrl, textOf, timeOf } from "./model.js";
import { Scrollable } from "../../shell/scrollable.jsx";
import { useWords } from "../../lib/usewords.js";
import { capital, fill } from "../../lib/words.js";

const NAMED_TIMES = ["previous", "yesterday", "last_week", "last_month"];
const COLUMNS = ["this", "other", "change", "percent"];

export function Compared() {
  const { compare, data, x } = useExplore();
  return (
    <div className="stats" data-testid="compared">
      <ComparedTime />
      {compare === "" ? <p className="note">{x.cmp_none}</p> : data ? <Comparison /> : <NoFigures failed={null} again={null} reading />}
    </div>
  );
}

// The choice of the time to compare with: a named one, or one that begins at a typed start.
function ComparedTime() {
  const words = useWords();
  const { compare, compareProblem, difference, setDifference, startRequested, requestStart, act, x } = useExplore();
  const field = useRef(null);
  // The menu returns the focus to its button when it closes. Only after that the field can take the focus.
  useEffect(() => {
    if (!startRequested) return undefined;
    const timer = setTimeout(() => {
      field.current.focus();
      requestStart(false);
    }, 50);
    return () => clearTimeout(timer);
  }, [startRequested, requestStart]);
  const named = compare === "" || NAMED_TIMES.includes(compare);
  const chosen = named ? "" : compare.replace("T", " ");
  const [text, setText] = useState(chosen);
  // The Back button of the browser, or a named time, chooses another start.
  useEffect(() => setText(chosen), [chosen]);
  const problem = compareProblem?.key ? capital(words, compareProblem) : "";
  return (
    <>
      <div className="stat-head">
        <div className="segmented" role="group" aria-label={x.compare}>
          {["", ...NAMED_TIMES].map((name) => (
            <button key={name} type="button" aria-pressed={compare === name} data-testid={`cmp-${name || "none"}`}
              onClick={() => act.chooseCompare(name)}>{x[`compare_${name || "none"}`]}</button>
          ))}
        </div>
        <form className="cmp-start" onSubmit={(event) => {
          event.preventDefault();
          if (text.trim()) act.chooseCompare(text.trim().replace(/^(\d{4}-\d\d-\d\d) +/, "$1T"));
        }}>
          <label htmlFor="explore-start">{x.cmp_start}</label>
          <input ref={field} id="explore-start" type="text" className="search" value={text} placeholder="now-7d" maxLength={40} spellCheck={false} autoComplete="off" autoCapitalize="none"
            data-testid="cmp-start" aria-invalid={problem !== ""} aria-describedby="explore-start-wrong" onChange={(event) => setText(event.target.value)} />
          <button type="submit" className="control control-small" aria-pressed={!named}>{x.cmp_show}</button>
        </form>
        {compare ? (
          <button type="button" className="control control-small" aria-pressed={difference} data-testid="cmp-difference"
            onClick={() => setDifference(!difference)}>{x.cmp_difference}</button>
        ) : null}
      </div>
      <p id="explore-start-wrong" className="range-wrong" role="alert" data-testid="cmp-wrong">{problem}</p>
    </>
  );
}

function Comparison() {
  const { tags, timeQuery, zoom, part, data, version, zone, x } = useExplore();
  const time = timeOf({ timeQuery, zoom, part, data });
  const compared = data.series.find((series) => series.compare)?.compare;
  const otherEnds = time.of === "all" ? compared && [compared.from, compared.to] : comparedEnds(compared, time.ends);
  const dataVersion = time.follows ? version : 0;
  const current = useStatistics(tags, statsUrl(tags, time.query), dataVersion);
  const other = useStatistics(tags, otherEnds ? statsUrl(tags, `from=${new Date(otherEnds[0]).toISOString()}&to=${new Date(otherEnds[1]).toISOString()}`) : "", dataVersion);
  if (!otherEnds) return <p className="note" role="status">{x.cmp_empty}</p>;
  const failed = current.failed ?? other.failed;
  if (!current.found || !other.found || (failed && (current.old || other.old))) return <NoFigures failed={failed} again={() => [current, other].forEach((answer) => answer.again())} reading />;
  const pairs = current.found.tags.map((row, at) => ({ row, figures: compareFigures(row, other.found.tags[at]) }));
  const spans = [current, other].map(({ found }) => spanText(found, zone));
  const text = () => textOf([
    [x.cmp_this, spans[0]], [x.cmp_other, spans[1]], [x.stat_tag, "", ...COLUMNS.map((name) => x[`cmp_${name}`])],
    ...pairs.flatMap(({ row, figures }) => figures.map((figure) => [row.tag_name, x[`stat_${figure.name}`], ...figure.texts])),
  ]);
  return (
    <div aria-busy={current.old || other.old} className="stats">
      <div className="stat-head">
        <p data-testid="cmp-times"><strong>{x.cmp_this}</strong> {spans[0]} · <strong>{x.cmp_other}</strong> {spans[1]} · {fill(x.cmp_sources, { source: x[`stat_source_${current.found.source}`] })}</p>
        <Copies text={text} csv={() => csvOf(comparisonRows(current.found, other.found))} />
      </div>
      <Scrollable label={x.tool_compare} className="grid-scroll">
        <table className="series stat-table cmp-table" data-testid="cmp-table">
          <caption className="sr-only">{x.tool_compare}</caption>
          <thead>
            <tr>
              <th scope="col">{x.stat_tag}</th>
              {COLUMNS.map((name) => <th key={name} scope="col" className="num">{x[`cmp_${name}`]}</th>)}
            </tr>
          </thead>
          {pairs.map(({ row, figures }) => (
            <tbody key={row.tag_name} data-testid={`cmp-${row.tag_name}`}>
              <tr className="cmp-tag"><th scope="rowgroup" colSpan={COLUMNS.length + 1}><TagName tag={row.tag_name} title={row.title} unit={row.unit} /></th></tr>
              {figures.map((figure) => (
                <tr key={figure.name}>
                  <th scope="row">{x[`stat_${figure.name}`]}</th>
                  {figure.texts.map((cell, at) => <td key={COLUMNS[at]} className="num">{cell}</td>)}
                </tr>
              ))}
            </tbody>
          ))}
        </table>
      </Scrollable>
    </div>
  );
}
