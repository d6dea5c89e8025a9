// A month of days: two of them, picked one after the other, are a range.
import { useEffect, useRef, useState } from "react";
import { monthShifted, moved, weeksOf } from "./days.js";
import { useLanguage, useWords } from "../lib/usewords.js";

// `span`: the first and the last day of the range, null where it has none. `onPick` is told the range after each pick.
export function Calendar({ span, today, onPick }) {
  const { ranges: rg } = useWords();
  const language = useLanguage();
  const [first, last] = span;
  const [at, setAt] = useState(last ?? first ?? today);
  const [begun, setBegun] = useState(null);
  const grid = useRef(null);
  const byKey = useRef(false);
  // What was typed comes into view.
  useEffect(() => {
    const day = last ?? first;
    if (day) setAt(day);
  }, [first, last]);
  useEffect(() => {
    if (byKey.current) grid.current.querySelector(`[data-day="${at}"]`)?.focus();
    byKey.current = false;
  }, [at]);
  // There is nothing to see after today.
  const go = (day) => setAt(day > today ? today : day);
  const pick = (day) => {
    const [from, to] = begun ? [begun, day].sort() : [day, day];
    setBegun(begun ? null : day);
    setAt(day);
    onPick(from, to);
  };
  const pressed = (event) => {
    const next = event.ctrlKey || event.metaKey || event.altKey ? null : moved(at, event.key);
    if (next === null) return;
    event.preventDefault();
    byKey.current = true;
    go(next);
  };
  const write = (day, form) => new Intl.DateTimeFormat(language, { timeZone: "UTC", ...form }).format(Date.parse(day));
  const turn = (months, label, sign) => (
    <button type="button" className="icon-button" aria-label={label} title={label} onClick={() => go(monthShifted(at, months))}>
      <span aria-hidden="true">{sign}</span>
    </button>
  );
  const weeks = weeksOf(at);
  const month = write(at, { year: "numeric", month: "long" });
  return (
    <section className="calendar" aria-label={rg.calendar}>
      <header>
        {turn(-1, rg.month_before, "‹")}
        <h3 aria-live="polite">{month}</h3>
        {turn(1, rg.month_after, "›")}
      </header>
      <table role="grid" aria-label={month} ref={grid} onKeyDown={pressed}>
        <thead>
          <tr>{weeks[0].map((day) => <th key={day} scope="col" abbr={write(day, { weekday: "long" })}>{write(day, { weekday: "narrow" })}</th>)}</tr>
        </thead>
        <tbody>
          {weeks.map((week) => (
            <tr key={week[0]}>
              {week.map((day) => {
                const inside = first !== null && day >= first && day <= (last ?? today);
                return (
                  <td key={day} role="gridcell" aria-selected={inside}>
                    <button type="button" tabIndex={day === at ? 0 : -1} data-day={day} data-other={day.slice(0, 7) !== at.slice(0, 7) || undefined}
                      data-begun={day === begun || undefined} aria-current={day === today ? "date" : undefined} disabled={day > today}
                      aria-label={write(day, { dateStyle: "full" })} onClick={() => pick(day)}>{Number(day.slice(8))}</button>
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
