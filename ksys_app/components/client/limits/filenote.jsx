// The differences between the limits in force and the file of the last sync: cells, since when, by whom, and how to undo them.
import { useEffect, useState } from "react";
import { json } from "./ask.js";
import { labelOf, valueText } from "./values.js";
import { Scrollable } from "../shell/scrollable.jsx";
import { useLive } from "../shell/live.jsx";
import { useWords } from "../lib/usewords.js";
import { fill } from "../lib/words.js";
import { stamp } from "../lib/zone.js";

const clock = (text, zone) => (text ? stamp(Date.parse(text), zone).slice(0, 16) : "");

// A difference as text for the list: `since 2026-01-01 10:00, Kim`; "yes" if time and user are not known.
export function differs({ missing, since, actors }, ed, zone) {
  const when = since ? fill(ed.file_since, { time: clock(since, zone) }) : "";
  const row = missing === "file" ? ed.file_lacks_file : missing ? ed.file_lacks_database : "";
  return [row, when, ...actors].filter(Boolean).join(", ") || ed.yes;
}

export function FileNote({ tag, version, may, onTake }) {
  const words = useWords();
  const { zone } = useLive();
  const { edit: ed } = words;
  const [difference, setDifference] = useState(null);
  useEffect(() => {
    const stop = new AbortController();
    json(`/api/v1/rules/file?tag=${encodeURIComponent(tag)}`, { signal: stop.signal }).then(([first]) => setDifference(first ?? null), () => {});
    return () => stop.abort();
  }, [tag, version]);
  if (!difference) return null;
  const { cells } = difference;
  const heads = [ed.column, ed.file_value, ed.before, ed.file_changed, ed.col_who, ed.col_source];
  return (
    <section className="limits-conflict" aria-label={ed.file_title} data-testid="limits-file">
      <h3>{ed.file_differs}: {differs(difference, ed, zone)}</h3>
      {cells.length ? (
        <Scrollable label={ed.file_title} className="grid-scroll people">
          <table className="series limits-cells">
            <caption className="sr-only">{ed.file_title}</caption>
            <thead><tr>{heads.map((text) => <th key={text} scope="col">{text}</th>)}</tr></thead>
            <tbody>
              {cells.map((cell) => (
                <tr key={cell.column} data-testid={`file-${cell.column}`}>
                  <th scope="row">{labelOf(cell.column, words)}</th>
                  <td>{valueText(cell.file, ed)}</td>
                  <td>{valueText(cell.value, ed)}</td>
                  <td>{clock(cell.since, zone)}</td>
                  <td data-stored>{cell.actor}</td>
                  <td>{ed[`source_${cell.source}`] ?? cell.source}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </Scrollable>
      ) : null}
      <p className="note">{difference.missing === "file" ? ed.file_way_lacks : ed.file_way}</p>
      {cells.length ? (
        <div className="limits-actions">
          <button type="button" className="control" disabled={!may} data-testid="file-take" onClick={() => onTake(cells)}>{ed.file_take}</button>
        </div>
      ) : null}
    </section>
  );
}
