// What happened to one alarm, newest first.
import { useEffect, useState } from "react";
import { brief } from "../lib/figures.js";
import { toldOf } from "./journal.js";
import { saidOf } from "./words.jsx";
import { useLive } from "../shell/live.jsx";
import { at } from "../lib/paths.js";
import { useWords } from "../lib/usewords.js";
import { stamp } from "../lib/zone.js";

const LINES = 30;

export function History({ tag, condition }) {
  const { zone } = useLive();
  const { alarms: al } = useWords();
  const [rows, setRows] = useState(null);
  useEffect(() => {
    const stop = new AbortController();
    const query = new URLSearchParams({ tag, condition, limit: String(LINES) });
    fetch(at(`/api/v1/alarms/journal?${query}`), { signal: stop.signal, cache: "no-store" })
      .then((answer) => (answer.ok ? answer.json() : Promise.reject(new Error())))
      .then((page) => setRows(page.rows), () => stop.signal.aborted || setRows([]));
    return () => stop.abort();
  }, [tag, condition]);
  if (rows === null) return <p className="note">{al.reading}</p>;
  if (rows.length === 0) return <p className="note">{al.no_history}</p>;
  const time = (iso) => stamp(Date.parse(iso), zone).slice(0, 19);
  return (
    <ol className="al-history" tabIndex={0} aria-label={al.history}>
      {rows.map((one) => (
        <li key={`${one.ts} ${one.event} ${one.raised_at}`}>
          <time dateTime={one.ts}>{time(one.ts)}</time>
          <strong>{al[`event_${one.event}`] ?? one.event}</strong>
          <span>{[one.level, one.value === null ? "" : brief(one.value), one.actor, saidOf(one, al), ...toldOf(one, al, time)].filter(Boolean).join(" · ")}</span>
        </li>
      ))}
    </ol>
  );
}
