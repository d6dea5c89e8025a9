// The limits of a tag: fields, what they would have done, saving with a reason, and the history.
import { useCallback, useEffect, useMemo, useState } from "react";
import { Link } from "react-router";
import { Actors } from "./actors.jsx";
import { ask, json } from "./ask.js";
import { changesOf, draftOf, rebased, touched, unreadable, withFile } from "./values.js";
import { Conflict } from "./conflict.jsx";
import { Drawn } from "./drawn.jsx";
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
  const read = useCallback(() => json(`/api/v1/rules?tag=${encodeURIComponent(tag)}`).then(([one]) => one), [tag]);
  useEffect(() => {
    read().then((one) => { setLimits(one); setDraft(draftOf(one)); }, setFailure);
  }, [read]);
  const wrong = useMemo(() => (draft ? unreadable(draft) : []), [draft]);
  const changes = useMemo(() => (draft && !wrong.length ? changesOf(draft, limits) : {}), [draft, limits, wrong]);
  const open = useMemo(() => (draft ? touched(draft, limits) : []), [draft, limits]);
  if (!draft) return failure ? <p className="note" role="alert">{failure.message}</p> : <p className="note">{ed.reading}</p>;

  const problems = Object.fromEntries([
    ...(failure?.fields ?? []).map((one) => [one.column, say(words, { key: one.key, values: one.values })]),
    ...wrong.map((name) => [name, ed.no_number]),
  ]);
  const type = (next) => { setDraft(next); setFailure(null); setDone(""); };
  const take = (one) => { setLimits(one); setDraft(draftOf(one)); setFailure(null); };
  const save = async (reason) => {
    setDone("");
    try {
      const body = { version: limits.version, reason, ...changes };
      const { limits: now } = await json(`/api/v1/rules/${encodeURIComponent(tag)}`, { method: "PUT", body });
      take(now);
      setDone(fill(ed.saved, { version: String(now.version) }));
      return true;
    } catch (error) {
      setFailure(error);
      return false;
    }
  };
  const settle = async (mine) => {
    const now = await read();
    setDraft(mine ? rebased(draft, limits, now) : draftOf(now));
    setLimits(now);
    setFailure(null);
  };
  const back = async (version, reason) => {
    const body = { tag_name: tag, to: version, version: limits.version, reason };
    try {
      const { limits: now } = await (await ask("/api/v1/rules/rollback", { method: "POST", body })).json();
      // What somebody is typing is not what they go back from.
      setDraft(rebased(draft, limits, now));
      setLimits(now);
      setFailure(null);
      setDone(fill(ed.saved, { version: String(now.version) }));
    } catch (error) {
      setFailure(error);
    }
  };
  const unit = limits.meta?.unit ?? "";
  const changed = Object.keys(changes).length > 0;
  return (
    <>
      <Unsaved tag={tag} names={open} />
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
      <Drawn tag={tag} limits={limits} draft={draft} unit={unit} />
      {failure?.conflicts.length ? <Conflict found={failure.conflicts[0]} onSettle={settle} /> : null}
      <Actors tag={tag} />
      <FileNote tag={tag} version={limits.version} may={may} onTake={(cells) => type(withFile(draft, cells))} />
      <div className="limits-columns">
        <form className="limits-form" aria-label={ed.title} onSubmit={(event) => event.preventDefault()}>
          <Fields draft={draft} onChange={type} unit={unit} problems={problems} disabled={!may} />
          <Settings draft={draft} onChange={type} problems={problems} disabled={!may} />
          <Save disabled={!may || !changed || wrong.length > 0} may={may} save={save} />
          {failure && !failure.conflicts.length ? <p className="limits-failure" role="alert">{failure.message}</p> : null}
          <p className="note" role="status" data-testid="limits-saved">{done}</p>
        </form>
        <Preview tag={tag} changes={changes} may={may} broken={wrong.length > 0} />
      </div>
      <History tag={tag} version={limits.version} may={may} onBack={back} />
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
