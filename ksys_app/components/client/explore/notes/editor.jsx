// The form that writes or changes an annotation: its text, its time, its tags. The input stays until the user saves or discards it.
import { useEffect, useId, useRef, useState, useSyncExternalStore } from "react";
import { useExplore } from "../store.jsx";
import { changeDraft, currentDraft, focusCount, setDraft, subscribe } from "./draft.js";
import { refetch } from "./feed.js";
import { bodyOf, CATEGORIES, draftOf, MAX_TEXT, spanText, timeFields } from "./notes.js";
import { failureText, send } from "./saving.js";
import { useWords } from "../../lib/usewords.js";
import { fill } from "../../lib/words.js";

export const useDraft = () => useSyncExternalStore(subscribe, currentDraft, () => null);
// The form shows how many characters are left if they are fewer than this.
const FEW_CHARACTERS = 200;
// The time until the style sheet of the form is loaded.
const STYLED_MS = 200;

export function Editor() {
  const { x, zone } = useExplore();
  const words = useWords();
  const draft = useDraft();
  const [problem, setProblem] = useState("");
  const [conflict, setConflict] = useState(null);
  const [saving, setSaving] = useState(false);
  const field = useFocus();
  const title = useId();
  if (!draft) return null;
  const close = () => {
    setDraft(null);
    /** @type {HTMLElement | null} */ (document.querySelector("[data-testid=note-add]"))?.focus();
  };
  const save = async (version = draft.version) => {
    const { wrong, body } = bodyOf({ ...draft, version }, zone);
    if (wrong) return setProblem(x[`note_wrong_${wrong}`]);
    setSaving(true);
    const outcome = await send(draft.id ? "PATCH" : "POST", draft.id, body);
    setSaving(false);
    setProblem(outcome.failed === undefined ? "" : failureText(words, outcome));
    setConflict(outcome.conflict ?? (outcome.gone ? "gone" : null));
    if (!outcome.done) return undefined;
    refetch();
    return close();
  };
  return (
    <form className="note-editor" aria-labelledby={title} data-testid="note-editor" onSubmit={(event) => {
      event.preventDefault();
      void save();
    }} onKeyDown={(event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) event.currentTarget.requestSubmit();
    }}>
      <h3 id={title}>{draft.id ? x.note_change : x.note_new}</h3>
      {draft.waits ? <p className="note" role="status">{x.note_waits}</p> : null}
      <Text field={field} draft={draft} x={x} />
      <When draft={draft} />
      <Tags draft={draft} x={x} />
      {conflict ? <Conflict stored={conflict} onMine={(version) => {
        changeDraft({ version, ...(conflict === "gone" ? { id: 0 } : {}) });
        setConflict(null);
        if (conflict !== "gone") void save(version);
      }} onTheirs={() => {
        setDraft(draftOf(conflict, zone));
        setConflict(null);
      }} /> : null}
      {problem ? <p className="note-problem" role="alert" data-testid="note-problem">{problem}</p> : null}
      <div className="note-actions">
        <button type="submit" className="control control-primary" disabled={saving} data-testid="note-save">{x.note_save}</button>
        <button type="button" className="control" onClick={close} data-testid="note-drop">{x.note_drop}</button>
      </div>
    </form>
  );
}

// Gives the focus to the text when the user opens a draft, but not when the list is shown with a draft that was open before.
function useFocus() {
  const field = useRef(null);
  const requests = useSyncExternalStore(subscribe, focusCount, () => 0);
  const answered = useRef(0);
  useEffect(() => {
    if (requests === answered.current || !field.current) return;
    answered.current = requests;
    field.current.focus({ preventScroll: true });
    const scrollToForm = () => field.current?.closest("form").scrollIntoView({ block: "nearest" });
    scrollToForm();
    setTimeout(scrollToForm, STYLED_MS);
  });
  return field;
}

function Text({ field, draft, x }) {
  const id = useId();
  const left = MAX_TEXT - [...draft.text].length;
  return (
    <div className="note-field note-words">
      <label htmlFor={id}>{x.note_text}</label>
      <textarea id={id} ref={field} dir="auto" rows={3} value={draft.text} data-testid="note-text" aria-describedby={`${id}-left`}
        onChange={(event) => changeDraft({ text: event.target.value })} />
      <small id={`${id}-left`} data-wrong={left < 0}>{left < FEW_CHARACTERS ? fill(x.note_left, { n: String(left) }) : ""}</small>
    </div>
  );
}

function When({ draft }) {
  const { x, zone, part, cursor } = useExplore();
  const [category, from, to] = [useId(), useId(), useId()];
  return (
    <div className="note-line">
      <div className="note-field">
        <label htmlFor={category}>{x.note_category}</label>
        <select id={category} className="control" value={draft.category} data-testid="note-category" onChange={(event) => changeDraft({ category: event.target.value })}>
          {CATEGORIES.map((name) => <option key={name} value={name}>{x[`note_cat_${name}`]}</option>)}
        </select>
      </div>
      <div className="note-field">
        <label htmlFor={from}>{x.note_from}</label>
        <input id={from} value={draft.fromText} autoComplete="off" spellCheck={false} data-testid="note-from" onChange={(event) => changeDraft({ fromText: event.target.value })} />
      </div>
      <div className="note-field">
        <label htmlFor={to}>{x.note_to}</label>
        <input id={to} value={draft.toText} autoComplete="off" spellCheck={false} placeholder={x.note_moment} data-testid="note-to" onChange={(event) => changeDraft({ toText: event.target.value })} />
      </div>
      {part.length === 2 ? (
        <button type="button" className="control" data-testid="note-part" onClick={() => changeDraft(timeFields(part[0], part[1], zone))}>{x.note_take_part}</button>
      ) : null}
      {cursor.ms ? (
        <button type="button" className="control" onClick={() => changeDraft(timeFields(cursor.ms, null, zone))}>{x.note_take_cursor}</button>
      ) : null}
    </div>
  );
}

function Tags({ draft, x }) {
  const { tags } = useExplore();
  const offered = [...new Set([...tags, ...draft.tags])];
  const choose = (chosen, on) => changeDraft({ all: false, tags: offered.filter((tag) => (tag === chosen ? on : !draft.all && draft.tags.includes(tag))) });
  return (
    <fieldset className="note-tags">
      <legend>{x.note_tags}</legend>
      <label className="check"><input type="checkbox" checked={draft.all} data-testid="note-all" onChange={(event) => changeDraft({ all: event.target.checked, ...(draft.tags.length ? {} : { tags }) })} />{x.note_all_tags}</label>
      {offered.map((tag) => (
        <label key={tag} className="check">
          <input type="checkbox" disabled={draft.all} checked={!draft.all && draft.tags.includes(tag)} onChange={(event) => choose(tag, event.target.checked)} />
          <bdi title={tag}>{tag}</bdi>
        </label>
      ))}
    </fieldset>
  );
}

// Shown if somebody else has saved or deleted the annotation meanwhile. It shows the `stored` annotation, or `stored` is "gone"; the input stays.
function Conflict({ stored, onMine, onTheirs }) {
  const { x, zone } = useExplore();
  if (stored === "gone") {
    return (
      <div className="note-conflict" role="alert" data-testid="note-conflict">
        <p>{x.note_gone}</p>
        <button type="button" className="control" onClick={() => onMine(0)}>{x.note_as_new}</button>
      </div>
    );
  }
  return (
    <div className="note-conflict" role="alert" data-testid="note-conflict">
      <p>{fill(x.note_conflict, { user: stored.edited_by || stored.author })}</p>
      <blockquote dir="auto">{stored.text}</blockquote>
      <small>{spanText(stored, zone)}</small>
      <div className="note-actions">
        <button type="button" className="control" data-testid="note-mine" onClick={() => onMine(stored.version)}>{x.note_mine}</button>
        <button type="button" className="control" data-testid="note-theirs" onClick={onTheirs}>{x.note_theirs}</button>
      </div>
    </div>
  );
}
