// The table of outages, newest first unless sorted by another column. A row highlights its hours on the heatmap.
import { useEffect, useRef, useState } from "react";
import { OutageLength } from "./outagelength.jsx";
import { Mark } from "../grid/mark.jsx";
import { at } from "../lib/paths.js";
import { current } from "../lib/language.js";
import { useWords } from "../lib/usewords.js";
import { fill, say } from "../lib/words.js";

const ORDER = {
  tag: (a, b) => a.tag.localeCompare(b.tag, current(), { numeric: true }),
  start: (a, b) => a.first - b.first,
  end: (a, b) => a.last - b.last || a.hours - b.hours,
  hours: (a, b) => a.hours - b.hours,
  received: (a, b) => a.received - b.received,
};

export function Outages({ outages, count, silent, tags, many, shown, csv, onHover, onMark }) {
  const words = useWords();
  const { comm: w } = words;
  const [sort, setSort] = useState({ by: "end", down: true });
  const body = useRef(null);
  useEffect(() => {
    // Scroll only the box of the table: the page must not move under the pointer.
    const row = body.current?.querySelector('[data-marked="true"]');
    const box = row?.closest(".grid-scroll");
    if (!row || !box || row.contains(document.activeElement)) return;
    const head = 32;
    if (row.offsetTop - head < box.scrollTop) box.scrollTop = row.offsetTop - head;
    else if (row.offsetTop + row.offsetHeight > box.scrollTop + box.clientHeight) {
      box.scrollTop = row.offsetTop + row.offsetHeight - box.clientHeight;
    }
  }, [shown]);
  // No hour of any shown tag could be judged.
  const allSilent = silent.length === tags;
  const columns = [
    ...(many ? [["tag", w.col_tag]] : []),
    ["start", w.col_start], ["end", w.col_end], ["hours", w.col_length, "num"], ["received", w.col_received, "num"],
  ];
  const rows = outages.map((run, at) => ({ ...run, at, received: Number.parseFloat(run.received_s) || 0 }));
  rows.sort((a, b) => (sort.down ? -1 : 1) * ORDER[sort.by](a, b));
  return (
    <section className="outages-section" aria-labelledby="outages-heading">
      <div className="section-head">
        <h2 id="outages-heading">{w.outages}</h2>
        <span className="count" data-testid="outage-count">{allSilent ? "–" : count}</span>
        <a href={at(csv)} download className="control control-small" data-testid="csv-outages">{w.csv_outages}</a>
      </div>
      {count > outages.length ? <p className="note">{fill(w.outages_cut, { n: outages.length, all: count })}</p> : null}
      {silent.map((why) => say(words, why)).map((line) => <p key={line} className="note" data-testid="outages-unknown">{line}</p>)}
      {allSilent ? null : outages.length === 0 ? <p className="note" data-testid="no-outages">{w.outages_none}</p> : (
        <div className="grid-scroll outages" onMouseLeave={() => onHover(null)}>
          <table className="series" aria-labelledby="outages-heading" data-testid="outages">
            <thead>
              <tr>
                {columns.map(([key, name, num]) => (
                  <th key={key} scope="col" className={num} aria-sort={sort.by !== key ? "none" : sort.down ? "descending" : "ascending"}>
                    <button type="button" data-testid={`outage-sort-${key}`}
                      onClick={() => setSort({ by: key, down: sort.by === key ? !sort.down : key !== "tag" })}>
                      {name}<span className="sort-mark" aria-hidden="true" />
                    </button>
                  </th>
                ))}
              </tr>
            </thead>
            <tbody ref={body}>
              {rows.map((run) => (
                <tr key={`${run.tag} ${run.first}`} data-marked={run.at === shown} data-testid="outage"
                  data-tag={run.tag} onMouseOver={() => onHover(run.at)} onClick={() => onMark(run.at)}>
                  {many ? <td className="col-series-tag">{run.tag}</td> : null}
                  <td className="outage-when">
                    <button type="button" className="outage-open" aria-pressed={run.at === shown}
                      title={run.start_s} onFocus={() => onHover(run.at)} onBlur={() => onHover(null)}>{minute(run.start_s)}</button>
                  </td>
                  <td className="outage-when" title={run.end_s}>
                    {run.ongoing ? <span className="outage-ongoing"><Mark kind="crit" />{w.ongoing}</span> : minute(run.end_s)}
                  </td>
                  <td className="num" data-testid="outage-length">
                    <OutageLength endedMin={run.ongoing ? 0 : Math.round(run.hours * 60)} sinceMs={run.since_ms} />
                    {run.clipped ? <span className="outage-clipped" title={w.clipped_why}>{w.clipped}</span> : null}
                  </td>
                  <td className="num" data-testid="outage-received">{run.received_s || w.nothing}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}

// A time without seconds, as two parts that may be in two lines.
const minute = (when) => (
  <>
    <span className="outage-part">{when.slice(0, 10)}</span>{" "}
    <span className="outage-part">{when.slice(11, 16)}<span className="ts-offset">{when.slice(19)}</span></span>
  </>
);
