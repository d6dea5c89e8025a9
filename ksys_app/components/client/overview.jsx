// Every tag by days, one row each; a row opens the tag's hours.
import { useMemo } from "react";
import { fill } from "./clock.js";
import { colors, isSoft, percent, unfold } from "./comm.js";

export function Overview({ rows, calendar, scale, words: w, onOpen }) {
  const color = useMemo(() => colors(scale), [scale]);
  const days = calendar.days;
  return (
    <div className="grid-scroll overview-scroll">
      <table className="course overview" aria-labelledby="overview-heading" data-testid="overview">
        <thead>
          <tr>
            <th scope="col">{w.col_tag}</th>
            <th scope="col">
              {w.col_days}
              <span className="overview-range">{days.at(0)?.day} – {days.at(-1)?.day}</span>
            </th>
            <th scope="col" className="num">{w.col_30d}</th>
            <th scope="col" className="num">{w.col_crit}</th>
            <th scope="col">{w.col_last}</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => <Row key={row.tag} row={row} days={days} color={color} words={w} onOpen={onOpen} />)}
        </tbody>
      </table>
    </div>
  );
}

function Row({ row, days, color, words: w, onOpen }) {
  const rates = unfold(row.rate);
  const crit = unfold(row.crit);
  return (
    <tr data-testid={`overview-${row.tag}`} onClick={() => onOpen([row.tag])}>
      <td className="col-course-tag">
        <button type="button" className="overview-open" title={row.tag}
          aria-label={fill(w.overview_label, { tag: row.tag, rate: row.success_30d, n: row.crit_hours })}>{row.tag}</button>
      </td>
      <td className="overview-days">
        <div>
          {rates.map((rate, at) => (
            <i key={days[at]?.day ?? at} className="hm-cell" data-state={rate < 0 ? "n" : crit[at] > 0 ? "c" : "o"} data-soft={isSoft(rate) || undefined}
              title={fill(w.overview_day, { day: days[at]?.day, rate: percent(rate), n: crit[at] })}
              style={rate < 0 ? undefined : { background: color(rate) }} />
          ))}
        </div>
      </td>
      <td className="num">{row.success_30d}</td>
      <td className="num">{row.crit_hours}</td>
      <td>{row.last_s}</td>
    </tr>
  );
}
