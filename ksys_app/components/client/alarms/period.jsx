// The controls of a period: buttons for periods that end now, and fields for its start and end.
import { useEffect, useState } from "react";
import { useLive } from "../shell/live.jsx";
import { useWords } from "../lib/usewords.js";
import { parse, stamp } from "../lib/zone.js";

export function Period({ period, change, spans, defaultSpan }) {
  const { zone } = useLive();
  const { alarms: al } = useWords();
  return (
    <>
      <div role="group" aria-label={al.span} className="segmented">
        {spans.map((span) => (
          <button key={span} type="button" aria-pressed={period.span === span} data-testid={`span-${span}`} onClick={() => change({ span, from: "", to: "" })}>{al[`span_${span}`]}</button>
        ))}
      </div>
      <TimeField label={al.from} value={period.from} zone={zone} onTime={(from) => change({ from, span: from || period.to ? "" : defaultSpan })} />
      <TimeField label={al.to} value={period.to} zone={zone} onTime={(to) => change({ to, span: to || period.from ? "" : defaultSpan })} />
    </>
  );
}

// A field for a time of the display zone, in the format of the pages: `2026-01-31 14:05`.
function TimeField({ label, value, zone, onTime }) {
  const { alarms: al } = useWords();
  const shown = value ? stamp(Date.parse(value), zone).slice(0, 16) : "";
  const [text, setText] = useState(shown);
  useEffect(() => setText(shown), [shown]);
  const accept = () => {
    const ms = parse(text, zone);
    if (text.trim() === "") onTime("");
    else if (ms === null) setText(shown);
    else onTime(new Date(ms).toISOString());
  };
  return (
    <label className="moment">
      <span>{label}</span>
      <input type="text" inputMode="numeric" placeholder={al.date_form} value={text} size={20} spellCheck={false} autoComplete="off"
        onChange={(event) => setText(event.target.value)} onBlur={() => text !== shown && accept()} onKeyDown={(event) => event.key === "Enter" && accept()} />
    </label>
  );
}
