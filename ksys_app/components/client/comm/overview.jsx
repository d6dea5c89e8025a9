// The table of all tags: communication now, success rate, outages, a strip of days. A click on a row opens the tag's hours.
// The roles are explicit, because on a phone CSS turns rows into blocks, which removes their table roles.
import { memo, useMemo } from "react";
import { colors, isSoft, percent, unfold } from "./comm.js";
import { CommCell, Fresh, useNewest } from "../grid/freshness.jsx";
import { OutageLength } from "./outagelength.jsx";
import { useLive } from "../shell/live.jsx";
import { Name } from "../grid/name.jsx";
import { useReload } from "../lib/reload.js";
import { useWords } from "../lib/usewords.js";
import { counted } from "../lib/words.js";

const numbers = (row, w) => [
  ["24h", row.success_24h, w.col_24h],
  ["30d", <>{row.success_30d}{row.judged ? <span className="of-days" title={w.judged_why}>{counted(w.judged, row.judged)}</span> : null}</>, w.col_30d],
  ["outages", row.outages, w.col_outages],
  ["longest", <OutageLength endedMin={row.longest_min} sinceMs={row.since_ms} />, w.col_longest],
  ["crit", row.crit_s, w.col_crit],
];

export function Overview({ rows, nows, calendar, scale, sort, descending, onOpen, onSort, onReload }) {
  const { tickS } = useLive();
  const { comm: w } = useWords();
  const color = useMemo(() => colors(scale), [scale]);
  const days = calendar.days;
  useReload(onReload, tickS);
  const head = (by, text, className) => (
    <th key={by} data-by={by} role="columnheader" scope="col" className={className}
      aria-sort={sort === by ? (descending ? "descending" : "ascending") : "none"}>
      <button type="button" onClick={() => onSort(by)} data-testid={`overview-sort-${by}`}>
        <span>{text}</span><span className="sort-mark" aria-hidden="true" />
      </button>
    </th>
  );
  return (
    <div className="grid-scroll">
      <table role="table" className="series overview" aria-labelledby="overview-heading" data-testid="overview">
        <thead role="rowgroup">
          <tr role="row">
            {head("tag", w.col_tag, "overview-tag")}
            {head("now", w.col_now, "overview-now")}
            {numbers({}, w).map(([by, , text]) => head(by, text, by === "30d" ? "num col-30d" : "num"))}
            {head("seen", w.col_last, "overview-seen")}
            <th role="columnheader" scope="col" className="overview-days">
              {w.col_days}
              <span className="overview-range">{days.at(0)?.day} – {days.at(-1)?.day}</span>
            </th>
          </tr>
        </thead>
        <tbody role="rowgroup">
          {rows.map((row, at) => (
            <Row key={row.tag} row={row} now={nows[at]} days={days} today={calendar.today} color={color} words={w} onOpen={onOpen} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Row({ row, now, days, today, color, words: w, onOpen }) {
  return (
    <Fresh element="tr" role="row" tsMs={now?.ts_ms ?? 0} allowedS={now?.allowed_s ?? 0} comm={now?.comm ?? "never"}
      stillS={now?.still_s ?? 0} stillLonger={now?.still_longer ?? false}
      data-testid={`overview-${row.tag}`} onClick={() => onOpen([row.tag])}>
      <td role="cell" className="overview-tag col-series-tag">
        <button type="button" className="overview-open"
          aria-label={counted(w.overview_label, row.crit_s, { tag: row.tag, rate: rateText(row, w) })}>
          <Name text={row.tag} />
        </button>
        {row.assumed ? <span className="assumed" title={w.assumed_why} data-testid="overview-assumed">{w.assumed}</span> : null}
      </td>
      <td role="cell" className="overview-now"><CommCell testid="now" /></td>
      {numbers(row, w).map(([by, figure, text]) => (
        <td role="cell" key={by} className={by === "30d" ? "num col-30d" : "num"} data-label={text} data-testid={`overview-${by}`}>{figure}</td>
      ))}
      <td role="cell" className="overview-seen" data-label={w.col_last}><NewestTime /></td>
      <td role="cell" className="overview-days"><Days rates={row.rate} crit={row.crit} days={days} today={today} color={color} words={w} /></td>
    </Fresh>
  );
}

// The success rate as text, `98.61 %`, with the number of days if not all are judged.
const rateText = (row, w) => (row.judged ? `${row.success_30d} ${counted(w.judged, row.judged)}` : row.success_30d);

function NewestTime() {
  return <span data-testid="overview-seen">{useNewest() || "–"}</span>;
}

const Days = memo(/** @param {Record<string, any>} props */ function Days({ rates, crit, days, today, color, words: w }) {
  const critical = unfold(crit);
  const says = { n: w.overview_none, f: w.overview_not_yet };
  return (
    <div>
      {unfold(rates).map((rate, at) => {
        const day = days[at]?.day;
        const state = rate >= 0 ? (critical[at] > 0 ? "c" : "o") : today && day > today ? "f" : "n";
        return (
          <i key={day ?? at} className="hm-cell" data-state={state} data-soft={isSoft(rate) || undefined}
            title={counted(says[state] ?? w.overview_day, critical[at], { day, rate: percent(rate) })}
            style={rate < 0 ? undefined : { background: color(rate) }} />
        );
      })}
    </div>
  );
});
