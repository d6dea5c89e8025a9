// The statistics of the selected part or of the shown time: a row for each tag, and how long its values were beyond its limits.
import { useExplore } from "../store.jsx";
import { Copies, NoFigures, spanText, TagName } from "./parts.jsx";
import { useStatistics } from "./usestatistics.js";
import { cellsOf, csvOf, LIMITS, limitsOf, statisticsRows, statsUrl, textOf, timeOf, valuesAtEnds } from "./model.js";
import { Scrollable } from "../../shell/scrollable.jsx";
import { ageText } from "../../lib/age.js";
import { point } from "../../lib/cursor.js";
import { fill } from "../../lib/words.js";

const FIGURES = ["mean", "last", "min", "max", "std", "p5", "p50", "p95", "slope", "integral", "count", "coverage"];
const ENDS = ["at_from", "at_to", "difference"];

export function Statistics() {
  const { tags, timeQuery, zoom, part, data, version, zone, x } = useExplore();
  const time = timeOf({ timeQuery, zoom, part, data });
  const { found, old, failed, again } = useStatistics(tags, statsUrl(tags, time.query), time.follows ? version : 0);
  const endValues = time.of === "part" && data
    ? Object.fromEntries(tags.map((tag) => [tag, valuesAtEnds(data.series.find((series) => series.tag === tag), time.ends, data.bucketS)]))
    : null;
  if (!found || (failed && old)) return <NoFigures failed={failed} again={again} reading />;
  const names = [...(endValues ? ENDS : []), ...FIGURES];
  const lines = found.tags.map((row) => ({ row, cells: cellsOf(row, { zone, endValues: endValues ? endValues[row.tag_name] : null }) }));
  const text = () => textOf([
    [spanText(found, zone), x[`stat_source_${found.source}`]],
    [x.stat_tag, ...names.map((name) => x[`stat_${name}`])],
    ...lines.map(({ row, cells }) => [row.unit ? `${row.tag_name} (${row.unit})` : row.tag_name, ...names.map((name) => [cells[name].text, cells[name].time].filter(Boolean).join(" "))]),
  ]);
  return (
    <div className="stats" data-testid="statistics" aria-busy={old}>
      <Head time={time} found={found}><Copies text={text} csv={() => csvOf(statisticsRows(found, endValues ?? {}))} /></Head>
      {found.tags.every((row) => row.count === 0) ? <p className="note" data-testid="stat-empty">{x.stat_empty}</p> : null}
      <Scrollable label={x.tool_stats} className="grid-scroll stat-scroll">
        <table className="series stat-table">
          <caption className="sr-only">{x.tool_stats}</caption>
          <thead>
            <tr>
              <th scope="col">{x.stat_tag}</th>
              {names.map((name) => <th key={name} scope="col" className="num" title={x[`stat_${name}_hint`]}>{x[`stat_${name}`]}</th>)}
            </tr>
          </thead>
          <tbody>
            {lines.map(({ row, cells }) => (
              <tr key={row.tag_name} data-testid={`stat-${row.tag_name}`}>
                <th scope="row"><TagName tag={row.tag_name} title={row.title} unit={row.unit} /></th>
                {names.map((name) => <td key={name} className="num" data-figure={name}><Cell cell={cells[name]} tag={row.tag_name} name={x[`stat_${name}`]} /></td>)}
              </tr>
            ))}
          </tbody>
        </table>
      </Scrollable>
      <Limits found={found} />
    </div>
  );
}

// The line above the table: the time of the figures, and whether they come from samples or buckets.
function Head({ time, found, children }) {
  const { act, zone, x, t } = useExplore();
  return (
    <div className="stat-head">
      <p>
        <strong>{x[`stat_of_${time.of}`]}</strong> <span data-testid="stat-time">{spanText(found, zone)}</span>
        {time.of === "part" ? <> · <span data-testid="stat-length">{fill(x.stat_length, { time: ageText((time.ends[1] - time.ends[0]) / 1000, t) })}</span></> : null}
        {" · "}<span data-testid="stat-source">{x[`stat_source_${found.source}`]}</span>
      </p>
      {time.of === "part" ? <button type="button" className="control control-small" data-testid="stat-clear" onClick={() => act.setPart([])}>{x.stat_clear}</button> : null}
      {children}
    </div>
  );
}

// A figure; a smallest or largest value has a button with its time, which moves the cursor there.
function Cell({ cell, tag, name }) {
  const { x } = useExplore();
  if (!cell.time) return cell.text;
  const moveCursor = () => {
    point(cell.ms, "stats");
    // On a small screen the reader has scrolled past the chart.
    document.querySelector(".explore-chart")?.scrollIntoView({ block: "nearest" });
  };
  return (
    <>
      {cell.text}
      <button type="button" className="stat-when" onClick={moveCursor} title={fill(x.stat_go, { time: cell.time })}
        aria-label={`${tag}, ${name}: ${fill(x.stat_go, { time: cell.time })}`}>{cell.time}</button>
    </>
  );
}

// How long the values of each tag were beyond its limits: a row for each tag, a column for each limit.
function Limits({ found }) {
  const { x, t } = useExplore();
  const lines = found.tags.map((row) => ({ row, limits: limitsOf(row, t) })).filter(({ limits }) => limits.length > 0);
  if (lines.length === 0) return null;
  const allLimits = lines.flatMap(({ limits }) => limits);
  const reached = allLimits.filter((limit) => limit.seconds > 0).length;
  const names = LIMITS.filter((name) => allLimits.some((limit) => limit.name === name));
  return (
    <details className="stat-limits" open={reached > 0}>
      <summary>{fill(reached ? x.stat_limits_reached : x.stat_limits_kept, { n: reached, all: allLimits.length })}</summary>
      <Scrollable label={x.stat_limits} className="grid-scroll">
        <table className="series stat-table" data-testid="stat-limits">
          <caption className="sr-only">{x.stat_limits}</caption>
          <thead>
            <tr>
              <th scope="col">{x.stat_tag}</th>
              {names.map((name) => <th key={name} scope="col" className="num">{name}</th>)}
            </tr>
          </thead>
          <tbody>
            {lines.map(({ row, limits }) => (
              <tr key={row.tag_name}>
                <th scope="row"><TagName tag={row.tag_name} title={row.title} unit={row.unit} /></th>
                {names.map((name) => <LimitCell key={name} limit={limits.find((limit) => limit.name === name)} />)}
              </tr>
            ))}
          </tbody>
        </table>
      </Scrollable>
    </details>
  );
}

function LimitCell({ limit }) {
  if (!limit) return <td className="num" />;
  return (
    <td className="num" data-reached={limit.seconds > 0}>
      {limit.seconds > 0 ? `${limit.time} · ${limit.share}` : limit.time}
      <span className="about">{limit.sign} {limit.value}</span>
    </td>
  );
}
