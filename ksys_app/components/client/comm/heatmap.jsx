// The heatmap of a tag: a column for each of 30 days, a row for each of 24 hours. Each cell is an element, so that it can be
// read aloud, focused and printed.
import { memo, useEffect, useMemo, useRef } from "react";
import { isJudged, isSoft, rowsOf, sentence, stateOf, cellFacts } from "./comm.js";

const COLUMN = 2;
const ROW = 3;
// The name of a month needs at least so many columns.
const MONTH_COLUMNS = 5;

export const Heatmap = memo(/** @param {Record<string, any>} props */ function Heatmap({
  map, cells, calendar, color, words: w, figures, selected, runFirst, runLast, label, onPoint, onChoose, onEscape,
}) {
  const root = useRef(null);
  const { rows, skipped } = useMemo(() => rowsOf(cells, calendar.days), [cells, calendar]);
  useEffect(() => setTabStop(root.current, selected), [selected, cells]);
  useEffect(() => {
    if (figures) scrollToSelected(root.current, selected);
  }, [figures]);
  const today = calendar.days.findIndex(({ day }) => day === calendar.today);
  const at = (event) => {
    const cell = event.target.closest?.("[data-i]");
    return cell ? { i: Number(cell.dataset.i), node: cell } : null;
  };
  return (
    <div ref={root} role="grid" aria-label={label} aria-rowcount={25} aria-colcount={31} className="heatmap"
      data-figures={figures} data-testid={`map-${map.tag}`}
      onMouseOver={(event) => onPoint(map.tag, at(event))}
      onMouseLeave={() => onPoint(map.tag, null)}
      onFocus={(event) => {
        const cell = at(event);
        if (cell) setTabStop(root.current, cell.i);
        onPoint(map.tag, cell);
      }}
      onBlur={() => onPoint(map.tag, null)}
      onClick={(event) => {
        const cell = at(event);
        if (cell) onChoose(map.tag, cells[cell.i]);
      }}
      onKeyDown={(event) => {
        const cell = at(event);
        if (!cell || event.ctrlKey || event.metaKey || event.altKey) return;
        if (event.key === "Enter" || event.key === " ") onChoose(map.tag, cells[cell.i]);
        else if (event.key === "Escape") onEscape();
        else if (!move(root.current, cells, cells[cell.i], event.key)) return;
        event.preventDefault();
      }}>
      <div role="row" className="hm-row">
        <span role="columnheader" className="sr-only">{w.col_hours}</span>
        {calendar.days.map(({ day }, column) => (
          <span key={day} role="columnheader" aria-label={day} className="hm-day" data-today={column === today}
            data-minor={column % 5 !== 0 && column !== today} style={{ gridColumn: column + COLUMN, gridRow: 2 }}>
            {Number(day.slice(8))}
          </span>
        ))}
      </div>
      {months(calendar.days).map(({ text, from, to }) => (
        <span key={text} aria-hidden="true" className="hm-month" style={{ gridColumn: `${from + COLUMN} / ${to + COLUMN}`, gridRow: 1 }}>
          {to - from < MONTH_COLUMNS ? null : text}
        </span>
      ))}
      {today < 0 ? null : <i aria-hidden="true" className="hm-today" style={{ gridColumn: today + COLUMN, gridRow: `${ROW} / ${ROW + 24}` }} />}
      {rows.map((row, hour) => (
        <div key={hour} role="row" className="hm-row">
          <span role="rowheader" className="hm-hour" data-minor={hour % 6 !== 0} style={{ gridColumn: 1, gridRow: hour + ROW }}>
            {String(hour).padStart(2, "0")}
          </span>
          {row.map((cell) => {
            const code = map.state[cell.i];
            const judged = isJudged(stateOf(code));
            return (
              <span key={cell.i} role="gridcell" tabIndex={-1} data-i={cell.i} data-state={code}
                data-half={cell.half || undefined} data-soft={isSoft(map.rate[cell.i]) || undefined} aria-selected={cell.i === selected}
                data-run={cell.i >= runFirst && cell.i <= runLast ? "" : undefined}
                aria-label={sentence(cellFacts(map, cell, w), w)} className="hm-cell"
                style={{
                  gridColumn: cell.day + COLUMN, gridRow: hour + ROW,
                  background: judged && !figures ? color(map.rate[cell.i]) : undefined,
                }}>
                {figures && judged ? figure(map.rate[cell.i]) : null}
              </span>
            );
          })}
        </div>
      ))}
      {skipped.map(({ day, hour }) => (
        <i key={`${day}-${hour}`} aria-hidden="true" className="hm-skipped" style={{ gridColumn: day + COLUMN, gridRow: hour + ROW }} />
      ))}
    </div>
  );
});

const figure = (rate) => (rate === 10000 ? "100" : (Math.floor(rate / 10) / 10).toFixed(1));

function months(days) {
  const found = [];
  days.forEach(({ day }, column) => {
    const text = day.slice(0, 7);
    if (found.at(-1)?.text === text) found.at(-1).to = column + 1;
    else found.push({ text, from: column, to: column + 1 });
  });
  return found;
}

// Sets the single cell at which the Tab key enters: the selected one, else the one that was focused last, else the newest
// judged one.
function setTabStop(root, selected) {
  const before = root.querySelector('[data-i][tabindex="0"]');
  const judged = root.querySelectorAll('[data-i]:not([data-state="n"], [data-state="f"])');
  const newest = [...judged].reduce((last, cell) => (Number(cell.dataset.i) > Number(last?.dataset.i ?? -1) ? cell : last), null);
  const cell = (selected >= 0 ? root.querySelector(`[data-i="${selected}"]`) : null) ?? before ?? newest ?? root.querySelector("[data-i]");
  before?.setAttribute("tabindex", "-1");
  cell?.setAttribute("tabindex", "0");
}

// Figures are wider than the screen: scrolls to the selected cell, or to the newest day.
function scrollToSelected(root, selected) {
  const box = root.parentElement;
  const cell = root.querySelector(`[data-i="${selected}"]`);
  if (cell) box.scrollLeft = cell.offsetLeft - (box.clientWidth - cell.offsetWidth) / 2;
  else box.scrollLeft = box.scrollWidth;
}

// Moves the focus by a key: left and right change the day, up and down the hour. If the other day skips the hour, its nearest
// hour gets the focus. Returns false for other keys.
function move(root, cells, from, key) {
  const days = cells.at(-1).day;
  const target = {
    ArrowLeft: () => nearest(cells, from.day - 1, from.hour, from.half),
    ArrowRight: () => nearest(cells, from.day + 1, from.hour, from.half),
    ArrowUp: () => inDay(cells, from, -1),
    ArrowDown: () => inDay(cells, from, 1),
    Home: () => nearest(cells, 0, from.hour, from.half),
    End: () => nearest(cells, days, from.hour, from.half),
    PageUp: () => nearest(cells, from.day, 0, 0),
    PageDown: () => nearest(cells, from.day, 23, 0),
  }[key];
  if (!target) return false;
  const cell = target();
  if (cell) root.querySelector(`[data-i="${cell.i}"]`).focus();
  return true;
}

const inDay = (cells, from, step) => {
  const next = cells[from.i + step];
  return next?.day === from.day ? next : null;
};

function nearest(cells, day, hour, half) {
  const cellsOfDay = cells.filter((cell) => cell.day === day);
  const distance = (cell) => Math.abs(cell.hour - hour) * 4 + Math.abs(cell.half - half);
  return cellsOfDay.reduce((best, cell) => (best === null || distance(cell) < distance(best) ? cell : best), null);
}
