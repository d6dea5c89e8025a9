// A calendar of one month. Two days, picked one after the other, are a range.
import { useEffect, useRef, useState } from "react";
import { monthShifted, moved, weeksOf } from "./days.js";
import { useLanguage, useWords } from "../lib/usewords.js";

// `span`: the first and the last day of the range, each null if that end is not a day. `onPick(first, last)` is called after each
// pick.
export function Calendar({ span, today, onPick }) {
  const { ranges: rg } = useWords();
  const language = useLanguage();
  const [first, last] = span;
  const [focusedDay, setFocusedDay] = useState(last ?? first ?? today);
  const [firstPick, setFirstPick] = useState(null);
  const grid = useRef(null);
  const movedByKey = useRef(false);
  // Shows the month of a typed day.
  useEffect(() => {
    const day = last ?? first;
    if (day) setFocusedDay(day);
  }, [first, last]);
  useEffect(() => {
    if (movedByKey.current) grid.current.querySelector(`[data-day="${focusedDay}"]`)?.focus();
    movedByKey.current = false;
  }, [focusedDay]);
  // Days after today have no data.
  const goTo = (day) => setFocusedDay(day > today ? today : day);
  const pick = (day) => {
    const [from, to] = firstPick ? [firstPick, day].sort() : [day, day];
    setFirstPick(firstPick ? null : day);
    setFocusedDay(day);
    onPick(from, to);
  };
  const onKeyDown = (event) => {
    const next = event.ctrlKey || event.metaKey || event.altKey ? null : moved(focusedDay, event.key);
    if (next === null) return;
    event.preventDefault();
    movedByKey.current = true;
    goTo(next);
  };
  const format = (day, options) => new Intl.DateTimeFormat(language, { timeZone: "UTC", ...options }).format(Date.parse(day));
  const monthButton = (months, label, symbol) => (
    <button type="button" className="icon-button" aria-label={label} title={label} onClick={() => goTo(monthShifted(focusedDay, months))}>
      <span aria-hidden="true">{symbol}</span>
    </button>
  );
  const weeks = weeksOf(focusedDay);
  const month = format(focusedDay, { year: "numeric", month: "long" });
  return (
    <section className="calendar" aria-label={rg.calendar}>
      <header>
        {monthButton(-1, rg.month_before, "‹")}
        <h3 aria-live="polite">{month}</h3>
        {monthButton(1, rg.month_after, "›")}
      </header>
      <table role="grid" aria-label={month} ref={grid} onKeyDown={onKeyDown}>
        <thead>
          <tr>{weeks[0].map((day) => <th key={day} scope="col" abbr={format(day, { weekday: "long" })}>{format(day, { weekday: "narrow" })}</th>)}</tr>
        </thead>
        <tbody>
          {weeks.map((week) => (
            <tr key={week[0]}>
              {week.map((day) => {
                const inside = first !== null && day >= first && day <= (last ?? today);
                return (
                  <td key={day} role="gridcell" aria-selected={inside}>
                    <button type="button" tabIndex={day === focusedDay ? 0 : -1} data-day={day} data-other={day.slice(0, 7) !== focusedDay.slice(0, 7) || undefined}
                      data-begun={day === firstPick || undefined} aria-current={day === today ? "date" : undefined} disabled={day > today}
                      aria-label={format(day, { dateStyle: "full" })} onClick={() => pick(day)}>{Number(day.slice(8))}</button>
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
