// The editor of a tag's limits: fields, a preview of their alarms, saving with a reason, and the history.
import { useCallback, useEffect, useMemo, useState } from "react";
import { Link } from "react-router";
import { Actors } from "./actors.jsx";
import { ask, json } from "./ask.js";
import { changesOf, draftOf, rebased, touched, unreadable, withFile } from "./values.js";
import { Conflict } from "./conflict.jsx";
import { LimitChart } from "./limitchart.jsx";
import { Fields, Settings } from "./fields.jsx";
import { FileNote } from "./filenote.jsx";
import { History } from "./history.jsx";
import { Preview } from "./preview.jsx";
import { Unsaved } from "./unsaved.jsx";
import { useWords } from "../lib/usewords.js";
import { fill, say } from "../lib/words.js";

export function Editor({ tag, may }) {
  const words = useWords();
  const { edit: ed } = words;
  const [limits, setLimits] = useState(null);
  const [draft, setDraft] = useState(null);
  const [failure, setFailure] = useState(null);
  const [done, setDone] = useState("");
  const { expression, unit: ownUnit } = useCalculated(tag);
  const read = useCallback(() => json(`/api/v1/rules?tag=${encodeURIComponent(tag)}`).then(([loaded]) => loaded), [tag]);
  useEffect(() => {
    read().then((loaded) => { setLimits(loaded); setDraft(draftOf(loaded)); }, setFailure);
  }, [read]);
  const invalid = useMemo(() => (draft ? unreadable(draft) : []), [draft]);
  const changes = useMemo(() => (draft && !invalid.length ? changesOf(draft, limits) : {}), [draft, limits, invalid]);
  const unsaved = useMemo(() => (draft ? touched(draft, limits) : []), [draft, limits]);
  if (!draft || expression === undefined) return failure ? <p className="note" role="alert">{failure.message}</p> : <p className="note">{ed.reading}</p>;

  const problems = Object.fromEntries([
    ...(failure?.fields ?? []).map((field) => [field.column, say(words, { key: field.key, values: field.values })]),
    ...invalid.map((name) => [name, ed.no_number]),
  ]);
  const edit = (next) => { setDraft(next); setFailure(null); setDone(""); };
  const adopt = (loaded) => { setLimits(loaded); setDraft(draftOf(loaded)); setFailure(null); };
  const save = async (reason) => {
    setDone("");
    try {
      const body = { version: limits.version, reason, ...changes };
      const { limits: now } = await json(`/api/v1/rules/${encodeURIComponent(tag)}`, { method: "PUT", body });
      adopt(now);
      setDone(fill(ed.saved, { version: String(now.version) }));
      return true;
    } catch (error) {
      setFailure(error);
      return false;
    }
  };
  const resolveConflict = async (keepMine) => {
    const now = await read();
    setDraft(keepMine ? rebased(draft, limits, now) : draftOf(now));
    setLimits(now);
    setFailure(null);
  };
  const rollBack = async (version, reason) => {
    const body = { tag_name: tag, to: version, version: limits.version, reason };
    try {
      const { limits: now } = await (await ask("/api/v1/rules/rollback", { method: "POST", body })).json();
      // A rollback keeps the values that the user is typing.
      setDraft(rebased(draft, limits, now));
      setLimits(now);
      setFailure(null);
      setDone(fill(ed.saved, { version: String(now.version) }));
    } catch (error) {
      setFailure(error);
    }
  };
  const calculated = expression !== null;
  const unit = limits.meta?.unit || ownUnit;
  const changed = Object.keys(changes).length > 0;
  return (
    <>
      <Unsaved tag={tag} names={unsaved} />
      <header className="limits-head">
        <div>
          <h2>{tag}</h2>
          <p className="note">{[limits.meta?.title, limits.has_rule ? fill(ed.version, { version: String(limits.version) }) : ed.no_rule].filter(Boolean).join(" · ")}</p>
        </div>
        <nav className="dialog-links" aria-label={ed.nav}>
          <Link to={`/trend?tag=${encodeURIComponent(tag)}`}>{words.pages.to_trend}</Link>
          <Link to="/limits">{ed.all_tags}</Link>
        </nav>
      </header>
      {calculated ? <p className="note" role="note" data-testid="limits-calculated">{fill(ed.calculated, { expression })}</p> : null}
      <LimitChart tag={tag} limits={limits} draft={draft} unit={unit} />
      {failure?.conflicts.length ? <Conflict conflict={failure.conflicts[0]} onSettle={resolveConflict} /> : null}
      <Actors tag={tag} />
      <FileNote tag={tag} version={limits.version} may={may} onTake={(cells) => edit(withFile(draft, cells))} />
      <div className="limits-columns">
        <form className="limits-form" aria-label={ed.title} onSubmit={(event) => event.preventDefault()}>
          <Fields draft={draft} onChange={edit} unit={unit} calculated={calculated} problems={problems} disabled={!may} />
          <Settings draft={draft} onChange={edit} calculated={calculated} problems={problems} disabled={!may} />
          <Save disabled={!may || !changed || invalid.length > 0} may={may} save={save} />
          {failure && !failure.conflicts.length ? <p className="limits-failure" role="alert">{failure.message}</p> : null}
          <p className="note" role="status" data-testid="limits-saved">{done}</p>
        </form>
        <Preview tag={tag} changes={changes} may={may} broken={invalid.length > 0} />
      </div>
      <History tag={tag} version={limits.version} may={may} onBack={rollBack} />
    </>
  );
}

function Save({ disabled, may, save }) {
  const { edit: ed } = useWords();
  const [reason, setReason] = useState("");
  const send = async () => {
    if (await save(reason.trim())) setReason("");
  };
  return (
    <div className="limits-save">
      <label>{ed.reason}
        <input value={reason} maxLength={500} disabled={!may} data-testid="limits-reason" onChange={(event) => setReason(event.target.value)} />
      </label>
      <button type="button" className="control control-primary" disabled={disabled || !reason.trim()} data-testid="limits-save" onClick={send}>{ed.save}</button>
    </div>
  );
}

// The expression and the unit of a calculated tag. Of any other tag the expression is null and the unit is empty; the expression is
// undefined until the answer is there.
function useCalculated(tag) {
  const [calculated, setCalculated] = useState({ expression: /** @type {string | null | undefined} */ (undefined), unit: "" });
  useEffect(() => {
    const query = new URLSearchParams({ expr: `"${tag.replaceAll('"', '""')}"`, window: "5m" });
    json("/api/v1/expressions")
      .then((saved) => saved.find((one) => one.name === tag)?.text ?? null)
      .then((expression) => {
        setCalculated({ expression, unit: "" });
        if (expression !== null) json(`/api/v1/expressions/evaluate?${query}`).then(({ unit }) => setCalculated({ expression, unit }), () => {});
      })
      .catch(() => setCalculated({ expression: null, unit: "" }));
  }, [tag]);
  return calculated;
}
