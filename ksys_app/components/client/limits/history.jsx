// The history of a tag's limits: who changed what, when and why, with a button that restores a version.
import { useCallback, useEffect, useState } from "react";
import { json } from "./ask.js";
import { labelOf, valueText } from "./values.js";
import { Scrollable } from "../shell/scrollable.jsx";
import { useWords } from "../lib/usewords.js";
import { fill } from "../lib/words.js";

const PAGE = 20;

export function History({ tag, version, may, onBack }) {
  const words = useWords();
  const { edit: ed } = words;
  const [{ rows, next }, setPage] = useState({ rows: [], next: null });
  const fetchPage = useCallback((before) => {
    const query = new URLSearchParams({ tag, limit: String(PAGE), ...(before ? { before: String(before) } : {}) });
    return json(`/api/v1/rules/history?${query}`).then((page) => setPage((old) => ({ ...page, rows: before ? [...old.rows, ...page.rows] : page.rows })), () => {});
  }, [tag]);
  useEffect(() => void fetchPage(null), [fetchPage, version]);
  const rollBack = (row) => {
    const reason = window.prompt(fill(ed.back_why, { version: String(row.version) }), "");
    if (reason?.trim()) onBack(row.version, reason.trim());
  };
  return (
    <section className="table-section">
      <div className="section-head"><h2>{ed.history}</h2></div>
      <Scrollable label={ed.history} className="grid-scroll people">
        <table className="series" data-testid="limits-history">
          <caption className="sr-only">{ed.history}</caption>
          <thead><tr>{["version", "at", "who", "source", "why", "what", "back"].map((name) => <th key={name} scope="col">{ed[`col_${name}`]}</th>)}</tr></thead>
          <tbody>
            {rows.map((row) => (
              <tr key={row.id}>
                <td>{row.version}</td>
                <td>{row.at.slice(0, 19).replace("T", " ")}</td>
                <td data-stored>{row.actor}</td>
                <td>{ed[`source_${row.source}`] ?? row.source}</td>
                <td data-stored>{row.reason}</td>
                <td>{changesText(row, words)}</td>
                <td>
                  {row.version === version ? ed.in_force : (
                    <button type="button" className="control control-small" disabled={!may} data-testid={`back-${row.version}`} onClick={() => rollBack(row)}>{ed.back}</button>
                  )}
                </td>
              </tr>
            ))}
            {rows.length ? null : <tr><td colSpan={7}>{ed.no_history}</td></tr>}
          </tbody>
        </table>
      </Scrollable>
      {next ? <button type="button" className="control" onClick={() => fetchPage(next)}>{ed.older}</button> : null}
    </section>
  );
}

function changesText(row, words) {
  const { edit: ed } = words;
  if (row.op === "DELETE") return ed.op_delete;
  const first = row.op === "INSERT";
  const cells = row.cells.filter(({ column, new: now }) => column !== "version" && !(first && (now === null || now === "" || column === "meta")));
  const name = (column) => labelOf(row.condition ? `${row.condition}.${column}` : column, words);
  return cells.map(({ column, old, new: now }) => `${name(column)} ${first ? valueText(now, ed) : `${valueText(old, ed)} → ${valueText(now, ed)}`}`).join("; ");
}
