// A day as the pages write it, YYYY-MM-DD, whatever the browser's own format is.
import { useEffect, useId, useState } from "react";
import { useWords } from "../lib/usewords.js";
import { fill } from "../lib/words.js";

const DAY = 86_400_000;
const STEPS = { ArrowUp: 1, ArrowDown: -1, PageUp: 30, PageDown: -30 };

export function DayField({ value, min, max, label, onPick }) {
  const { comm: w } = useWords();
  const [text, setText] = useState(value);
  const [wrong, setWrong] = useState(false);
  const why = useId();
  const show = (day) => {
    setText(day);
    setWrong(false);
  };
  useEffect(() => show(value), [value]);
  const fits = (day) => isDay(day) && day >= min && day <= max;
  const pick = (day) => {
    if (day !== value) onPick(day);
  };
  const type = (typed) => {
    const day = plain(typed);
    setText(typed);
    setWrong(day.length >= 10 && !fits(day));
    if (fits(day)) pick(day);
  };
  const leave = () => (fits(plain(text)) ? show(plain(text)) : setWrong(true));
  const keyDown = (event) => {
    if (event.key === "Enter") leave();
    else if (event.key === "Escape") show(value);
    else if (event.key in STEPS && isDay(plain(text))) {
      event.preventDefault();
      const day = moved(plain(text), STEPS[event.key]);
      const inside = day < min ? min : day > max ? max : day;
      show(inside);
      pick(inside);
    }
  };
  return (
    <span className="day-field">
      <input type="text" value={text} maxLength={10} pattern="\d{4}-\d{2}-\d{2}" placeholder="YYYY-MM-DD" autoComplete="off" spellCheck={false}
        aria-label={label} title={label} aria-invalid={wrong} aria-describedby={wrong ? why : undefined}
        className="control" data-testid="start-date" onChange={(event) => type(event.target.value)} onBlur={leave} onKeyDown={keyDown} />
      {wrong ? <span id={why} role="alert" className="day-wrong" data-testid="day-wrong">{fill(w.day_wrong, { from: min, to: max })}</span> : null}
    </span>
  );
}

// Dots and slashes are how days are written elsewhere.
const plain = (text) => text.trim().replaceAll(/[./]/g, "-");

const write = (ms) => new Date(ms).toISOString().slice(0, 10);

function isDay(text) {
  const ms = /^\d{4}-\d\d-\d\d$/.test(text) ? Date.parse(`${text}T00:00Z`) : NaN;
  return !Number.isNaN(ms) && write(ms) === text;
}

const moved = (day, days) => write(Date.parse(`${day}T00:00Z`) + days * DAY);
