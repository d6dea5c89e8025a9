// A conflict: another user has saved meanwhile. Shows three values of each column and two choices; nothing is merged silently.
import { labelOf, valueText } from "./values.js";
import { useWords } from "../lib/usewords.js";
import { fill } from "../lib/words.js";

export function Conflict({ conflict, onSettle }) {
  const words = useWords();
  const { edit: ed } = words;
  const columns = ["yours", "theirs", "base"];
  return (
    <section className="limits-conflict" role="alert" data-testid="limits-conflict">
      <h3>{fill(ed.conflict, { version: String(conflict.version) })}</h3>
      <table className="series limits-three">
        <caption className="sr-only">{fill(ed.conflict, { version: String(conflict.version) })}</caption>
        <thead><tr><th scope="col">{ed.column}</th>{columns.map((name) => <th key={name} scope="col">{ed[`conflict_${name}`]}</th>)}</tr></thead>
        <tbody>
          {conflict.cells.map((cell) => (
            <tr key={cell.column}>
              <th scope="row">{labelOf(cell.column, words)}</th>
              {columns.map((name) => <td key={name}>{valueText(cell[name], ed)}</td>)}
            </tr>
          ))}
        </tbody>
      </table>
      <div className="limits-actions">
        <button type="button" className="control" data-testid="conflict-mine" onClick={() => onSettle(true)}>{ed.keep_mine}</button>
        <button type="button" className="control" data-testid="conflict-theirs" onClick={() => onSettle(false)}>{ed.take_theirs}</button>
      </div>
    </section>
  );
}
