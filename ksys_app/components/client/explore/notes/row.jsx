// An annotation in the list: its text, time, tags and author, and the buttons that change or delete it.
import { useEffect, useRef, useState } from "react";
import { useExplore } from "../store.jsx";
import { openDraft } from "./draft.js";
import { openNote, refetch } from "./feed.js";
import { draftOf, rangeAround, spanText, SYMBOLS, zonedText } from "./notes.js";
import { failureText, send } from "./saving.js";
import { useWords } from "../../lib/usewords.js";
import { point } from "../../lib/cursor.js";
import { fill } from "../../lib/words.js";

export function Row({ note, open, writable, onChanged }) {
  const { x, zone, tags, range, act } = useExplore();
  const row = useRef(null);
  useEffect(() => {
    if (!open) return;
    row.current.scrollIntoView({ block: "nearest" });
    row.current.focus({ preventScroll: true });
  }, [open]);
  const isVisible = range && note.from < range[1] && (note.to ?? note.from) >= range[0];
  const showOnChart = () => {
    if (!isVisible) return act.setRange(...rangeAround(note, zone));
    return note.to === null ? point(note.from, "note") : act.setPart([note.from, note.to]);
  };
  return (
    <li ref={row} className="note-row" tabIndex={-1} data-category={note.category} data-open={open > 0} data-testid={`note-${note.id}`}>
      <div className="note-head">
        <span className="note-mark" aria-hidden="true">{SYMBOLS[note.category]}</span>
        <span className="note-kind">{x[`note_cat_${note.category}`]}</span>
        <button type="button" className="note-when" title={isVisible ? x.note_point : x.note_go} onClick={showOnChart}>{spanText(note, zone)}</button>
        <span className="note-of">{note.tags.length === 0 ? x.note_all_tags : note.tags.map((tag) => (
          <bdi key={tag} title={tag} className="note-tag" data-shown={tags.includes(tag)}>{tag}</bdi>
        ))}</span>
      </div>
      <p className="note-text" dir="auto">{note.text}</p>
      <div className="note-foot">
        <small>{authorText(note, x, zone)}</small>
        {writable && note.editable ? <Actions note={note} onChanged={onChanged} /> : null}
      </div>
    </li>
  );
}

function authorText(note, x, zone) {
  const minute = (ms) => zonedText(ms, zone).slice(0, 16);
  const created = fill(x.note_by, { user: note.author, time: minute(note.created) });
  return note.edited === null ? created : `${created} · ${fill(x.note_edited, { user: note.edited_by, time: minute(note.edited) })}`;
}

function Actions({ note, onChanged }) {
  const { x, zone } = useExplore();
  const words = useWords();
  const [confirming, setConfirming] = useState(false);
  const [problem, setProblem] = useState("");
  const remove = async () => {
    const outcome = await send("DELETE", note.id, note);
    setConfirming(false);
    if (outcome.conflict) setProblem(fill(x.note_conflict, { user: outcome.conflict.edited_by || outcome.conflict.author }));
    else setProblem(outcome.failed === undefined ? "" : failureText(words, outcome));
    refetch();
    onChanged();
    // The row disappears, and with it the element that has the focus.
    if (outcome.done) /** @type {HTMLElement | null} */ (document.querySelector("[data-testid=note-add]"))?.focus();
  };
  if (confirming) {
    return (
      <span className="note-acts" role="group" aria-label={x.note_delete_ask}>
        <span>{x.note_delete_ask}</span>
        <button type="button" className="control control-small" data-testid="note-delete-yes" onClick={remove}>{x.note_delete}</button>
        <button type="button" className="control control-small" autoFocus onClick={() => setConfirming(false)}>{x.note_keep}</button>
      </span>
    );
  }
  return (
    <span className="note-acts">
      {problem ? <span className="note-problem" role="alert">{problem}</span> : null}
      <button type="button" className="control control-small" data-testid="note-edit" onClick={() => {
        openDraft(draftOf(note, zone));
        openNote(0);
      }}>{x.note_edit}</button>
      <button type="button" className="control control-small" data-testid="note-delete" onClick={() => setConfirming(true)}>{x.note_delete}</button>
    </span>
  );
}
