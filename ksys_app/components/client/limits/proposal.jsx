// A proposed change of many tags, row by row, and the form that saves it with one reason.
import { useState } from "react";
import { json } from "./ask.js";
import { labelOf, valueText } from "./values.js";
import { Scrollable } from "../shell/scrollable.jsx";
import { useWords } from "../lib/usewords.js";
import { counted, say } from "../lib/words.js";

export function Proposal({ proposal, may, onDone, onClose }) {
  const words = useWords();
  const { edit: ed } = words;
  const [reason, setReason] = useState("");
  const [error, setError] = useState("");
  const failing = proposal.rows.filter((row) => row.fields.length).length;
  const save = async () => {
    const rules = proposal.rows.map(({ limits, cells }) => ({
      tag_name: limits.tag_name, version: limits.version, ...Object.fromEntries(cells.map((cell) => [cell.column, cell.new])),
    }));
    try {
      await json("/api/v1/rules/bulk", { method: "POST", body: { rules, reason: reason.trim() } });
      onDone();
    } catch ({ message }) {
      setError(message);
    }
  };
  return (
    <section className="limits-conflict" data-testid="limits-proposal">
      <h3>{counted(ed.would_change, proposal.rows.length, { unchanged: String(proposal.unchanged) })}</h3>
      {failing ? <p className="limits-failure" role="alert">{counted(ed.would_fail, failing)}</p> : null}
      <Scrollable label={ed.proposal} className="grid-scroll people">
        <table className="series">
          <caption className="sr-only">{ed.proposal}</caption>
          <thead><tr>{["tag", "what", "problem"].map((name) => <th key={name} scope="col">{ed[`col_${name}`]}</th>)}</tr></thead>
          <tbody>
            {proposal.rows.map(({ limits, cells, fields }) => (
              <tr key={limits.tag_name} data-wrong={fields.length > 0}>
                <th scope="row">{limits.tag_name}</th>
                <td>{cells.map((cell) => `${labelOf(cell.column, words)} ${valueText(cell.old, ed)} → ${valueText(cell.new, ed)}`).join("; ")}</td>
                <td>{fields.map((field) => `${labelOf(field.column, words)}: ${say(words, { key: field.key, values: field.values })}`).join("; ")}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scrollable>
      <div className="limits-save">
        <label>{ed.reason}<input value={reason} maxLength={500} disabled={!may} data-testid="bulk-reason" onChange={(event) => setReason(event.target.value)} /></label>
        <button type="button" className="control control-primary" data-testid="bulk-save" onClick={save}
          disabled={!may || !reason.trim() || failing > 0 || !proposal.rows.length}>{counted(ed.save_many, proposal.rows.length)}</button>
        <button type="button" className="control" onClick={onClose}>{ed.cancel}</button>
      </div>
      {error ? <p className="limits-failure" role="alert">{error}</p> : null}
    </section>
  );
}
