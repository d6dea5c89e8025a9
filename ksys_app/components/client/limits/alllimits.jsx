// The limits of all tags: a table with a filter, and changes of many tags at once, by an operation on a column or a pasted
// block, which are shown before they are saved.
import { useEffect, useMemo, useState } from "react";
import { useActors } from "./actors.jsx";
import { json } from "./ask.js";
import { NUMBERS, numberOf } from "./values.js";
import { Proposal } from "./proposal.jsx";
import { Table } from "./table.jsx";
import { useWords } from "../lib/usewords.js";
import { counted } from "../lib/words.js";

const OPERATIONS = ["set", "add", "scale", "range"];

export function AllLimits({ may }) {
  const { edit: ed } = useWords();
  const [rows, setRows] = useState(null);
  const [error, setError] = useState("");
  const [filter, setFilter] = useState("");
  const [picked, setPicked] = useState(new Set());
  const [proposal, setProposal] = useState(null);
  const [files, setFiles] = useState(new Map());
  const ranks = useActors();
  const reload = () => {
    void json("/api/v1/rules").then(setRows, ({ message }) => setError(message));
    void json("/api/v1/rules/file").then((answer) => setFiles(new Map(answer.map((file) => [file.tag_name, file]))), () => {});
  };
  useEffect(reload, []);
  const shown = useMemo(() => {
    const searchWords = filter.toLowerCase().split(/\s+/).filter(Boolean);
    return (rows ?? []).filter((row) => {
      const text = `${row.tag_name} ${row.meta?.title ?? ""} ${row.meta?.group ?? ""}`.toLowerCase();
      return searchWords.every((word) => text.includes(word));
    });
  }, [rows, filter]);
  const chosen = shown.filter((row) => picked.has(row.tag_name));
  const targets = (chosen.length ? chosen : shown).map((row) => row.tag_name);
  const propose = (body) => json("/api/v1/rules/proposal", { method: "POST", body })
    .then((answer) => { setProposal(answer); setError(""); }, ({ message }) => { setProposal(null); setError(message); });
  const pick = (tag) => setPicked((before) => {
    const next = new Set(before);
    if (!next.delete(tag)) next.add(tag);
    return next;
  });
  return (
    <>
      <div className="limits-tools">
        <label>{ed.filter}<input type="search" value={filter} data-testid="limits-filter" onChange={(event) => setFilter(event.target.value)} /></label>
        <span className="note" role="status">{rows ? counted(ed.targets, targets.length, { of: String(rows.length) }) : ""}</span>
      </div>
      <Change targets={targets} may={may} propose={propose} />
      {error ? <p className="limits-failure" role="alert">{error}</p> : null}
      {proposal ? <Proposal proposal={proposal} may={may} onDone={() => { setProposal(null); reload(); }} onClose={() => setProposal(null)} /> : null}
      {rows ? <Table rows={shown} files={files} ranks={ranks} picked={picked} onPick={pick} /> : <p className="note">{ed.reading}</p>}
    </>
  );
}

function Change({ targets, may, propose }) {
  const { edit: ed, limits: names } = useWords();
  const [column, setColumn] = useState("warn_max");
  const [operation, setOperation] = useState("set");
  const [value, setValue] = useState("");
  const [text, setText] = useState("");
  const number = numberOf(value);
  const ready = may && targets.length > 0 && !Number.isNaN(number) && (number !== null || operation === "set");
  return (
    <>
      <form className="limits-tools" aria-label={ed.change} onSubmit={(event) => { event.preventDefault(); if (ready) void propose({ change: { tags: targets, column, operation, value: number } }); }}>
        <label>{ed.column}
          <select className="control" value={column} disabled={!may} data-testid="bulk-column" onChange={(event) => setColumn(event.target.value)}>
            {NUMBERS.map((name) => <option key={name} value={name}>{names[name]}</option>)}
          </select>
        </label>
        <label>{ed.operation}
          <select className="control" value={operation} disabled={!may} data-testid="bulk-operation" onChange={(event) => setOperation(event.target.value)}>
            {OPERATIONS.map((name) => <option key={name} value={name}>{ed[`do_${name}`]}</option>)}
          </select>
        </label>
        <label>{ed.value}
          <input inputMode="decimal" value={value} disabled={!may} data-testid="bulk-value" onChange={(event) => setValue(event.target.value)} />
        </label>
        <button type="submit" className="control" disabled={!ready} data-testid="bulk-propose">{ed.propose}</button>
      </form>
      <details className="limits-paste">
        <summary>{ed.paste}</summary>
        <p className="note">{ed.paste_hint}</p>
        <textarea rows={6} aria-label={ed.paste} value={text} disabled={!may} maxLength={90_000} data-testid="bulk-text" onChange={(event) => setText(event.target.value)} />
        <button type="button" className="control" disabled={!may || !text.trim()} data-testid="bulk-paste" onClick={() => propose({ text })}>{ed.propose}</button>
      </details>
    </>
  );
}
