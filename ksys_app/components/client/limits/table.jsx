// The table of the limits of all tags, sorted by any column.
import { useMemo, useState } from "react";
import { Link } from "react-router";
import { rankText } from "./actors.jsx";
import { differs } from "./filenote.jsx";
import { NUMBERS } from "./values.js";
import { sorted } from "./sorting.js";
import { Scrollable } from "../shell/scrollable.jsx";
import { useLive } from "../shell/live.jsx";
import { useWords } from "../lib/usewords.js";
import { fill } from "../lib/words.js";

const MAX_ROWS = 200;

export function Table({ rows, files, ranks, picked, onPick }) {
  const { edit: ed, limits: names } = useWords();
  const { zone } = useLive();
  const [order, setOrder] = useState({ by: "tag_name", down: false });
  const lines = useMemo(() => {
    // The actors are ranked, so a tag's first one is its most frequent alarm. Reversed, the Map keeps the first.
    const topActor = new Map([...(ranks ? ranks.actors : [])].reverse().map((row) => [row.tag_name, row]));
    return sorted(rows.map((row) => ({ ...row, file: files.get(row.tag_name) ?? null, actor: topActor.get(row.tag_name) ?? null })), order);
  }, [rows, files, ranks, order]);
  const sortBy = (by) => setOrder((before) => ({ by, down: before.by === by && !before.down }));
  const head = (name, text) => (
    <th key={name} scope="col" aria-sort={order.by === name ? (order.down ? "descending" : "ascending") : "none"}>
      <button type="button" className="limits-sort" data-testid={`sort-${name}`} onClick={() => sortBy(name)}>
        <span>{text}</span><span className="sort-mark" aria-hidden="true" />
      </button>
    </th>
  );
  return (
    <>
      <Scrollable label={ed.all_tags} className="grid-scroll people">
        <table className="series limits-all" data-testid="limits-table">
          <caption className="sr-only">{ed.all_tags}</caption>
          <thead>
            <tr><th scope="col">{ed.col_pick}</th>{head("tag_name", ed.col_tag)}{head("actor", ed.actor_column)}{head("file", ed.file_differs)}{NUMBERS.map((name) => head(name, names[name]))}</tr>
          </thead>
          <tbody>
            {lines.slice(0, MAX_ROWS).map((row) => (
              <tr key={row.tag_name} data-testid={`limits-${row.tag_name}`}>
                <td><input type="checkbox" aria-label={row.tag_name} checked={picked.has(row.tag_name)} onChange={() => onPick(row.tag_name)} /></td>
                <th scope="row"><Link to={`/limits?tag=${encodeURIComponent(row.tag_name)}`}>{row.tag_name}</Link></th>
                <td className="limits-said">{row.actor ? `${ed[`cond_${row.actor.condition}`]}: ${rankText(row.actor, ranks.ranked, ed)}` : ""}</td>
                <td className="limits-said">{row.file ? differs(row.file, ed, zone) : ""}</td>
                {NUMBERS.map((name) => <td key={name}>{row[name]}</td>)}
              </tr>
            ))}
          </tbody>
        </table>
      </Scrollable>
      {lines.length > MAX_ROWS ? <p className="note">{fill(ed.more_tags, { shown: String(MAX_ROWS), n: String(lines.length) })}</p> : null}
    </>
  );
}
