// A field for a day, YYYY-MM-DD. A native date field would use the format of the browser.
import { useEffect, useId, useState } from "react";
import { useWords } from "../lib/usewords.js";
import { fill } from "../lib/words.js";

const DAY = 86_400_000;
const STEPS = { ArrowUp: 1, ArrowDown: -1, PageUp: 30, PageDown: -30 };

export function DayField({ value, min, max, label, onPick }) {
  const { comm: w } = useWords();
  const [text, setText] = useState(value);
  const [invalid, setInvalid] = useState(false);
  const errorId = useId();
  const show = (day) => {
    setText(day);
    setInvalid(false);
  };
  useEffect(() => show(value), [value]);
  const fits = (day) => isDay(day) && day >= min && day <= max;
  const pick = (day) => {
    if (day !== value) onPick(day);
  };
  const onType = (typed) => {
    const day = normalized(typed);
    setText(typed);
    setInvalid(day.length >= 10 && !fits(day));
    if (fits(day)) pick(day);
  };
  const onLeave = () => (fits(normalized(text)) ? show(normalized(text)) : setInvalid(true));
  const keyDown = (event) => {
    if (event.key === "Enter") onLeave();
    else if (event.key === "Escape") show(value);
    else if (event.key in STEPS && isDay(normalized(text))) {
      event.preventDefault();
      const day = moved(normalized(text), STEPS[event.key]);
      const bounded = day < min ? min : day > max ? max : day;
      show(bounded);
      pick(bounded);
    }
  };
  return (
    <span className="day-field">
      <input type="text" value={text} maxLength={10} pattern="\d{4}-\d{2}-\d{2}" placeholder="YYYY-MM-DD" autoComplete="off" spellCheck={false}
        aria-label={label} title={label} aria-invalid={invalid} aria-describedby={invalid ? errorId : undefined}
        className="control" data-testid="start-date" onChange={(event) => onType(event.target.value)} onBlur={onLeave} onKeyDown={keyDown} />
      {invalid ? <span id={errorId} role="alert" className="day-wrong" data-testid="day-wrong">{fill(w.day_wrong, { from: min, to: max })}</span> : null}
    </span>
  );
}

// The text with dashes instead of dots and slashes.
const normalized = (text) => text.trim().replaceAll(/[./]/g, "-");

const write = (ms) => new Date(ms).toISOString().slice(0, 10);

function isDay(text) {
  const ms = /^\d{4}-\d\d-\d\d$/.test(text) ? Date.parse(`${text}T00:00Z`) : NaN;
  return !Number.isNaN(ms) && write(ms) === text;
}

const moved = (day, days) => write(Date.parse(`${day}T00:00Z`) + days * DAY);
