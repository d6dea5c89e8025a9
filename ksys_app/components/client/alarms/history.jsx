// The last events of one alarm, newest first.
import { useEffect, useState } from "react";
import { brief } from "../lib/figures.js";
import { notificationsOf } from "./journal.js";
import { remarkOf } from "./words.jsx";
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
      {rows.map((row) => (
        <li key={`${row.ts} ${row.event} ${row.raised_at}`}>
          <time dateTime={row.ts}>{time(row.ts)}</time>
          <strong>{al[`event_${row.event}`] ?? row.event}</strong>
          <span>{[row.level, row.value === null ? "" : brief(row.value), row.actor, remarkOf(row, al), ...notificationsOf(row, al, time)].filter(Boolean).join(" · ")}</span>
        </li>
      ))}
    </ol>
  );
}
