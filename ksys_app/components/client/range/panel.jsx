// Asks for a range: two texts, a calendar that writes them, ranges of every day, and the last ones of this browser.
import { useId, useState } from "react";
import { Calendar } from "./calendar.jsx";
import { dayOf, shifted } from "./days.js";
import { named, spanOfDays } from "./ranges.js";
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
  // Why the range before was none is old with the first letter of another.
  const edit = (to) => {
    setTexts(to);
    onEdit();
  };
  const id = useId();
  const today = useClock((now) => dayOf(stamp(now, zone)));
  const wrong = problem?.key ? capital(words, problem) : "";
  const field = (at, label, name) => (
    <label>
      <span>{label}</span>
      <input type="text" value={texts[at]} placeholder={rg.form} data-testid={`range-${name}`} spellCheck={false} autoComplete="off" autoCapitalize="none"
        aria-invalid={wrong !== ""} aria-describedby={`${id}-hint ${id}-wrong`} maxLength={60}
        onChange={(event) => edit(texts.with(at, event.target.value))} onFocus={(event) => event.target.select()} />
    </label>
  );
  const list = (title, ranges, name) => (ranges.length === 0 ? null : (
    <section aria-label={title} data-testid={`range-${name}`}>
      <h3>{title}</h3>
      <ul>
        {ranges.map((one) => (
          <li key={one.join()}>
            <button type="button" className="menu-item" aria-pressed={one[0] === start && one[1] === end} onClick={() => onAsk(...one)}>{named(one, quick, rg)}</button>
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
      <p id={`${id}-wrong`} className="range-wrong" role="alert" data-testid="range-wrong">{wrong}</p>
      <div className="range-choices">
        <Calendar span={spanOfDays(joined(texts[0]), joined(texts[1]))} today={today}
          onPick={(first, last) => edit([first, last >= today ? "now" : shifted(last, 1)])} />
        {list(rg.quick, quick.map(([, ...one]) => one), "quick")}
        {list(rg.recent, recent(), "recent")}
      </div>
      {times ? <CopyLink times={times} /> : null}
    </>
  );
}

// A link to what is shown that shows the same tomorrow.
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

// As the pages write times; the address has the other form.
const spaced = (text) => text.replace("T", " ");
const joined = (text) => text.trim().replace(/^(\d{4}-\d\d-\d\d) +/, "$1T");
