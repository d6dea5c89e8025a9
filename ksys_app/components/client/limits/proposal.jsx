// What a change of many tags would do, row by row, and saving it with one reason.
import { useState } from "react";
import { json } from "./ask.js";
import { labelOf, valueText } from "./values.js";
import { Scrollable } from "../shell/scrollable.jsx";
import { useWords } from "../lib/usewords.js";
import { counted, say } from "../lib/words.js";

export function Proposal({ found, may, onDone, onClose }) {
  const words = useWords();
  const { edit: ed } = words;
  const [reason, setReason] = useState("");
  const [why, setWhy] = useState("");
  const wrong = found.rows.filter((row) => row.fields.length).length;
  const save = async () => {
    const rules = found.rows.map(({ limits, cells }) => ({
      tag_name: limits.tag_name, version: limits.version, ...Object.fromEntries(cells.map((cell) => [cell.column, cell.new])),
    }));
    try {
      await json("/api/v1/rules/bulk", { method: "POST", body: { rules, reason: reason.trim() } });
      onDone();
    } catch (error) {
      setWhy(error.message);
    }
  };
  return (
    <section className="limits-conflict" data-testid="limits-proposal">
      <h3>{counted(ed.would_change, found.rows.length, { unchanged: String(found.unchanged) })}</h3>
      {wrong ? <p className="limits-failure" role="alert">{counted(ed.would_fail, wrong)}</p> : null}
      <Scrollable label={ed.proposal} className="grid-scroll people">
        <table className="series">
          <caption className="sr-only">{ed.proposal}</caption>
          <thead><tr>{["tag", "what", "problem"].map((name) => <th key={name} scope="col">{ed[`col_${name}`]}</th>)}</tr></thead>
          <tbody>
            {found.rows.map(({ limits, cells, fields }) => (
              <tr key={limits.tag_name} data-wrong={fields.length > 0}>
                <th scope="row">{limits.tag_name}</th>
                <td>{cells.map((cell) => `${labelOf(cell.column, words)} ${valueText(cell.old, ed)} → ${valueText(cell.new, ed)}`).join("; ")}</td>
                <td>{fields.map((one) => `${labelOf(one.column, words)}: ${say(words, { key: one.key, values: one.values })}`).join("; ")}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scrollable>
      <div className="limits-save">
        <label>{ed.reason}<input value={reason} maxLength={500} disabled={!may} data-testid="bulk-reason" onChange={(event) => setReason(event.target.value)} /></label>
        <button type="button" className="control control-primary" data-testid="bulk-save" onClick={save}
          disabled={!may || !reason.trim() || wrong > 0 || !found.rows.length}>{counted(ed.save_many, found.rows.length)}</button>
        <button type="button" className="control" onClick={onClose}>{ed.cancel}</button>
      </div>
      {why ? <p className="limits-failure" role="alert">{why}</p> : null}
    </section>
  );
}
