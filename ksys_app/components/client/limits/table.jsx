// The limits of all tags as a table that can be sorted by any of its columns.
import { useMemo, useState } from "react";
import { Link } from "react-router";
import { placed } from "./actors.jsx";
import { differs } from "./filenote.jsx";
import { NUMBERS } from "./values.js";
import { sorted } from "./sorting.js";
import { Scrollable } from "../shell/scrollable.jsx";
import { useLive } from "../shell/live.jsx";
import { useWords } from "../lib/usewords.js";
import { fill } from "../lib/words.js";

const MOST = 200;

export function Table({ rows, files, ranks, picked, onPick }) {
  const { edit: ed, limits: names } = useWords();
  const { zone } = useLive();
  const [order, setOrder] = useState({ by: "tag_name", down: false });
  const lines = useMemo(() => {
    // The first of a tag is its most frequent one.
    const worst = new Map([...(ranks ? ranks.actors : [])].reverse().map((one) => [one.tag_name, one]));
    return sorted(rows.map((one) => ({ ...one, file: files.get(one.tag_name) ?? null, actor: worst.get(one.tag_name) ?? null })), order);
  }, [rows, files, ranks, order]);
  const turn = (by) => setOrder((before) => ({ by, down: before.by === by && !before.down }));
  const head = (name, text) => (
    <th key={name} scope="col" aria-sort={order.by === name ? (order.down ? "descending" : "ascending") : "none"}>
      <button type="button" className="limits-sort" data-testid={`sort-${name}`} onClick={() => turn(name)}>
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
            {lines.slice(0, MOST).map((one) => (
              <tr key={one.tag_name} data-testid={`limits-${one.tag_name}`}>
                <td><input type="checkbox" aria-label={one.tag_name} checked={picked.has(one.tag_name)} onChange={() => onPick(one.tag_name)} /></td>
                <th scope="row"><Link to={`/limits?tag=${encodeURIComponent(one.tag_name)}`}>{one.tag_name}</Link></th>
                <td className="limits-said">{one.actor ? `${ed[`cond_${one.actor.condition}`]}: ${placed(one.actor, ranks.ranked, ed)}` : ""}</td>
                <td className="limits-said">{one.file ? differs(one.file, ed, zone) : ""}</td>
                {NUMBERS.map((name) => <td key={name}>{one[name]}</td>)}
              </tr>
            ))}
          </tbody>
        </table>
      </Scrollable>
      {lines.length > MOST ? <p className="note">{fill(ed.more_tags, { shown: String(MOST), n: String(lines.length) })}</p> : null}
    </>
  );
}
