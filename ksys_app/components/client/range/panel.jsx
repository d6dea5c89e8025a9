// The panel of a range: two text fields, a calendar that fills them, common ranges, and the recent ones of this browser.
import { useId, useState } from "react";
import { Calendar } from "./calendar.jsx";
import { dayOf, shifted } from "./days.js";
import { rangeText, spanOfDays } from "./ranges.js";
import { recent } from "./recent.js";
import { useClock } from "../lib/clock.js";
import { useWords } from "../lib/usewords.js";
import { capital, fill } from "../lib/words.js";
import { toClipboard } from "../lib/clipboard.js";
import { stamp } from "../lib/zone.js";
import { useLive } from "../shell/live.jsx";

export function Panel({ start, end, times, quick, problem, onAsk, onEdit }) {
  const words = useWords();
  const { ranges: rg } = words;
  const { zone } = useLive();
  const [texts, setTexts] = useState([start, end].map(spaced));
  // The error of the previous range disappears as soon as the user types.
  const edit = (next) => {
    setTexts(next);
    onEdit();
  };
  const id = useId();
  const today = useClock((now) => dayOf(stamp(now, zone)));
  const error = problem?.key ? capital(words, problem) : "";
  const field = (at, label, name) => (
    <label>
      <span>{label}</span>
      <input type="text" value={texts[at]} placeholder={rg.form} data-testid={`range-${name}`} spellCheck={false} autoComplete="off" autoCapitalize="none"
        aria-invalid={error !== ""} aria-describedby={`${id}-hint ${id}-wrong`} maxLength={60}
        onChange={(event) => edit(texts.with(at, event.target.value))} onFocus={(event) => event.target.select()} />
    </label>
  );
  const list = (title, ranges, name) => (ranges.length === 0 ? null : (
    <section aria-label={title} data-testid={`range-${name}`}>
      <h3>{title}</h3>
      <ul>
        {ranges.map((range) => (
          <li key={range.join()}>
            <button type="button" className="menu-item" aria-pressed={range[0] === start && range[1] === end} onClick={() => onAsk(...range)}>{rangeText(range, quick, rg)}</button>
          </li>
        ))}
      </ul>
    </section>
  ));
  return (
    <>
      <form onSubmit={(event) => {
        event.preventDefault();
        onAsk(...texts.map(joined));
      }}>
        {field(0, rg.from, "from")}
        {field(1, rg.to, "to")}
        <button type="submit" className="control control-primary" data-testid="range-show">{rg.show}</button>
      </form>
      <p id={`${id}-hint`} className="range-hint">{fill(rg.hint, { zone })}</p>
      <p id={`${id}-wrong`} className="range-wrong" role="alert" data-testid="range-wrong">{error}</p>
      <div className="range-choices">
        <Calendar span={spanOfDays(joined(texts[0]), joined(texts[1]))} today={today}
          onPick={(first, last) => edit([first, last >= today ? "now" : shifted(last, 1)])} />
        {list(rg.quick, quick.map(([, ...range]) => range), "quick")}
        {list(rg.recent, recent(), "recent")}
      </div>
      {times ? <CopyLink times={times} /> : null}
    </>
  );
}

// Copies a link with absolute times, which shows the same data tomorrow.
function CopyLink({ times }) {
  const { ranges: rg } = useWords();
  const { zone } = useLive();
  const [done, setDone] = useState(false);
  const copy = async () => {
    const link = new URL(window.location.href);
    link.searchParams.delete("window");
    ["from", "to"].forEach((name, at) => link.searchParams.set(name, joined(stamp(times[at], zone))));
    await toClipboard(link.href);
    setDone(true);
  };
  return (
    <p className="range-copy">
      <button type="button" className="control control-small" data-testid="range-copy" onClick={() => void copy()}>{rg.copy}</button>
      <span role="status">{done ? rg.copied : ""}</span>
    </p>
  );
}

// Pages write a time with a blank, addresses with a `T`.
const spaced = (text) => text.replace("T", " ");
const joined = (text) => text.trim().replace(/^(\d{4}-\d\d-\d\d) +/, "$1T");
