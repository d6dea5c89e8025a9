// Which time is looked at: a span that ends now, or from one time to another.
import { useEffect, useState } from "react";
import { useLive } from "../shell/live.jsx";
import { useWords } from "../lib/usewords.js";
import { parse, stamp } from "../lib/zone.js";

export function Span({ asked, change, spans, usual }) {
  const { zone } = useLive();
  const { alarms: al } = useWords();
  return (
    <>
      <div role="group" aria-label={al.span} className="segmented">
        {spans.map((span) => (
          <button key={span} type="button" aria-pressed={asked.span === span} data-testid={`span-${span}`} onClick={() => change({ span, from: "", to: "" })}>{al[`span_${span}`]}</button>
        ))}
      </div>
      <Moment label={al.from} value={asked.from} zone={zone} onMoment={(from) => change({ from, span: from || asked.to ? "" : usual })} />
      <Moment label={al.to} value={asked.to} zone={zone} onMoment={(to) => change({ to, span: to || asked.from ? "" : usual })} />
    </>
  );
}

// A field for a time of the display zone, written as the pages write times: `2026-01-31 14:05`.
function Moment({ label, value, zone, onMoment }) {
  const { alarms: al } = useWords();
  const shown = value ? stamp(Date.parse(value), zone).slice(0, 16) : "";
  const [text, setText] = useState(shown);
  useEffect(() => setText(shown), [shown]);
  const take = () => {
    const ms = parse(text, zone);
    if (text.trim() === "") onMoment("");
    else if (ms === null) setText(shown);
    else onMoment(new Date(ms).toISOString());
  };
  return (
    <label className="moment">
      <span>{label}</span>
      <input type="text" inputMode="numeric" placeholder={al.date_form} value={text} size={20} spellCheck={false} autoComplete="off"
        onChange={(event) => setText(event.target.value)} onBlur={() => text !== shown && take()} onKeyDown={(event) => event.key === "Enter" && take()} />
    </label>
  );
}
