// The mean of each hour of the week: a table with shaded cells. The pointer or the arrow keys select a cell, and a text describes it.
import { useMemo, useState } from "react";
import { figure } from "../../lib/figures.js";
import { useLanguage } from "../../lib/usewords.js";
import { counted } from "../../lib/words.js";
import { useExplore } from "../store.jsx";
import { fractionOf } from "./ramp.js";

const HOURS = Array.from({ length: 24 }, (_, hour) => hour);
const DAYS = Array.from({ length: 7 }, (_, day) => day);
// The first of January 2024 was a Monday.
const MONDAY = Date.UTC(2024, 0, 1);
const DAY_MS = 86_400_000;
const twoDigits = (n) => String(n).padStart(2, "0");
const KEY_STEPS = { ArrowRight: [0, 1], ArrowLeft: [0, -1], ArrowDown: [1, 0], ArrowUp: [-1, 0] };

export function Week({ body }) {
  const { x } = useExplore();
  const language = useLanguage();
  const [cell, setCell] = useState(null);
  const { tag, mean, n } = body;
  const values = mean.flat().filter((value) => value !== null);
  const [low, high] = [values.reduce((a, b) => Math.min(a, b), Infinity), values.reduce((a, b) => Math.max(a, b), -Infinity)];
  const [short, long] = useMemo(() => ["short", "long"].map((weekday) => dayNames(language, weekday)), [language]);
  const valueText = (value) => `${figure(value, tag.decimals)} ${tag.unit}`.trim();
  const describe = (day, hour) => {
    const when = `${long[day]} ${twoDigits(hour)}:00 – ${twoDigits(hour + 1)}:00`;
    const value = mean[day][hour];
    return value === null ? `${when}: ${x.rel_no_value}` : `${when}: ${valueText(value)}, ${counted(x.rel_mean_of, n[day][hour])}`;
  };
  const move = (event) => {
    const step = KEY_STEPS[event.key];
    if (!step || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    const [day, hour] = cell ?? [0, -step[1]];
    setCell([Math.min(6, Math.max(0, day + (cell ? step[0] : 0))), Math.min(23, Math.max(0, hour + step[1]))]);
  };
  if (!values.length) return <p className="rel-empty" data-testid="relation-none">{x.rel_none}</p>;
  return (
    <figure className="rel-week">
      <p className="rel-read" data-read={cell !== null} aria-live="polite" data-testid="relation-cell">{cell ? describe(...cell) : x.rel_point}</p>
      <div className="rel-scroll" tabIndex={0} role="region" aria-label={x.rel_kind_heatmap} data-testid="relation-week"
        onKeyDown={move} onMouseLeave={() => setCell(null)} onBlur={() => setCell(null)}>
        <table className="rel-heat">
          <thead>
            <tr>
              <td />
              {HOURS.map((hour) => <th key={hour} scope="col" data-third={hour % 3 === 0}><span>{twoDigits(hour)}</span></th>)}
            </tr>
          </thead>
          <tbody>
            {DAYS.map((day) => (
              <tr key={day}>
                <th scope="row"><abbr title={long[day]}>{short[day]}</abbr></th>
                {HOURS.map((hour) => (
                  <Cell key={hour} value={mean[day][hour]} fraction={fractionOf(mean[day][hour], low, high)} decimals={tag.decimals}
                    emptyText={x.rel_no_value} selected={cell?.[0] === day && cell[1] === hour} onPoint={() => setCell([day, hour])} />
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <figcaption className="rel-legend">
        <span>{valueText(low)}</span><span className="rel-heat-ramp" aria-hidden="true" /><span>{valueText(high)}</span>
      </figcaption>
    </figure>
  );
}

// A cell of the table; `fraction` is the position of its value between the lowest and the highest mean, 0 to 1.
function Cell({ value, fraction, decimals, emptyText, selected, onPoint }) {
  const empty = value === null;
  return (
    <td className={empty ? "hatch" : ""} data-here={selected} style={empty ? undefined : { backgroundColor: `color-mix(in oklab, var(--ramp-low) ${Math.round(6 + fraction * 69)}%, var(--panel))` }}
      onMouseEnter={onPoint} onClick={onPoint}>
      {empty ? <span className="sr-only">{emptyText}</span> : <span className="rel-heat-value">{figure(value, decimals)}</span>}
    </td>
  );
}

function dayNames(language, weekday) {
  const format = new Intl.DateTimeFormat(language, { weekday, timeZone: "UTC" });
  return DAYS.map((day) => format.format(MONDAY + day * DAY_MS));
}
