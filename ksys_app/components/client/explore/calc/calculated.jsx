// The dialog of calculated tags: a calculated tag is an expression with a name. The dialog shows a preview over the time of the page.
import { useCallback, useEffect, useRef, useState } from "react";
import { bodyOf, draftOf, EMPTY, isAllowed, linePath, previewUrl, problemsOf, splitAtError } from "./draft.js";
import { useExplore } from "../store.jsx";
import { json, ask } from "../../limits/ask.js";
import { mayEdit } from "../../limits/values.js";
import { useMe } from "../../shell/account.jsx";
import { Name } from "../../grid/name.jsx";
import { Modal } from "../../shell/modal.jsx";
import { brief } from "../../lib/figures.js";
import { useWords } from "../../lib/usewords.js";
import { fill, say } from "../../lib/words.js";

const PATH = "/api/v1/expressions";
const PAUSE_MS = 300;
const EMPTY_FORM = { draft: EMPTY, reason: "" };

export function Calculated() {
  const { x } = useExplore();
  const { pages } = useWords();
  const [open, setOpen] = useState(false);
  // The input stays when the dialog is closed.
  const [form, setForm] = useState(EMPTY_FORM);
  const done = () => {
    setForm(EMPTY_FORM);
    setOpen(false);
  };
  return (
    <>
      <button type="button" className="control control-small" data-testid="calc-open" onClick={() => setOpen(true)}>ƒ {x.calc}</button>
      <Modal open={open} onClose={() => setOpen(false)} title={x.calc_title} closeLabel={pages.close} data-testid="calc">
        <Editor form={form} setForm={setForm} onDone={done} />
      </Modal>
    </>
  );
}

function Editor({ form, setForm, onDone }) {
  const { tags, most, timeQuery, act, again, x } = useExplore();
  const words = useWords();
  const who = useMe();
  const { draft, reason } = form;
  const setDraft = (next) => setForm((before) => ({ ...before, draft: next }));
  const setReason = (next) => setForm((before) => ({ ...before, reason: next }));
  const [saved, setSaved] = useState(null);
  const [failure, setFailure] = useState(null);
  const preview = usePreview(draft.text, timeQuery);
  const may = who !== null && mayEdit(who);
  const reload = useCallback(() => json(PATH).then(setSaved, setFailure), []);
  useEffect(() => { reload(); }, [reload]);
  const nameInput = useRef(null);
  // After the dialog has taken the focus: its own choice is the close button, which a space would press.
  useEffect(() => {
    const frame = requestAnimationFrame(() => nameInput.current?.focus());
    return () => cancelAnimationFrame(frame);
  }, []);
  const openDraft = (next) => { setDraft(next); setFailure(null); };
  const change = (fields) => openDraft({ ...draft, ...fields });
  const url = `${PATH}/${encodeURIComponent(draft.name.trim())}`;
  const save = async () => {
    try {
      const { name } = await json(url, { method: "PUT", body: bodyOf(draft, reason) });
      if (!tags.includes(name) && tags.length < most) act.chooseTags([...tags, name]);
      again();
      onDone();
    } catch (error) {
      setFailure(error);
    }
  };
  const remove = async () => {
    try {
      await ask(`${url}?${new URLSearchParams({ version: String(draft.version), reason: reason.trim() })}`, { method: "DELETE" });
      if (tags.includes(draft.name) && tags.length > 1) act.chooseTags(tags.filter((tag) => tag !== draft.name));
      openDraft(EMPTY);
      setReason("");
      await reload();
    } catch (error) {
      setFailure(error);
    }
  };
  const error = preview.failed;
  const problems = problemsOf(draft, reason, { may: who === null ? null : may, failed: error !== null });
  const sameProblems = problems.save === problems.remove;
  const fieldProps = (name) => ({ name, "aria-invalid": problems.save.wrong.some((text) => text.startsWith(name)) });
  return (
    <div className="dialog-body calc">
      <form aria-label={x.calc_title} onSubmit={(event) => event.preventDefault()}>
        <label>{x.calc_name}
          <input {...fieldProps("name")} ref={nameInput} value={draft.name} maxLength={200} disabled={draft.version > 0} data-testid="calc-name" spellCheck={false} autoComplete="off"
            onChange={(event) => change({ name: event.target.value })} />
        </label>
        <Expression text={draft.text} error={error} onChange={(text) => change({ text })} />
        <Preview result={preview.result} unit={draft.unit} errorMessage={error ? messageText(words, error) : ""} />
        <div className="calc-row">
          <label>{x.calc_unit}
            <input value={draft.unit} maxLength={24} placeholder={preview.result?.unit ?? ""} data-testid="calc-unit" onChange={(event) => change({ unit: event.target.value })} />
          </label>
          <label>{x.calc_decimals}
            <input {...fieldProps("decimals")} value={draft.decimals} inputMode="numeric" maxLength={2} placeholder={x.calc_auto} data-testid="calc-decimals" onChange={(event) => change({ decimals: event.target.value })} />
          </label>
        </div>
        <label>{x.calc_reason}
          <input {...fieldProps("reason")} value={reason} maxLength={500} disabled={!may} data-testid="calc-reason" onChange={(event) => setReason(event.target.value)} />
        </label>
        {failure ? <p className="calc-failure" role="alert" data-testid="calc-failure">{messageText(words, failure)}</p> : null}
        <div className="calc-row calc-acts">
          <ActionButton name="save" label={x.calc_save} primary problems={problems.save} onAct={save} />
          {draft.version > 0 ? (
            <>
              <ActionButton name="delete" label={x.calc_delete} problems={problems.remove} describedBy={sameProblems ? "save" : "delete"} onAct={remove} />
              <button type="button" className="control" data-testid="calc-new" onClick={() => openDraft(EMPTY)}>{x.calc_new}</button>
            </>
          ) : null}
        </div>
        <Problems name="save" problems={problems.save} />
        {draft.version > 0 && !sameProblems ? <Problems name="delete" problems={problems.remove} /> : null}
      </form>
      <Saved saved={saved} chosen={draft.version > 0 ? draft.name : ""} onEdit={(expression) => openDraft(draftOf(expression))} />
    </div>
  );
}

// A button that can have the focus even if problems prevent its action: the problems describe it, and a click moves the focus to the field of the first one.
function ActionButton({ name, label, primary = false, problems, describedBy = name, onAct }) {
  const allowed = isAllowed(problems);
  const press = (event) => {
    if (allowed) return onAct();
    const [first] = [...problems.missing, ...problems.wrong];
    return event.currentTarget.form.elements.namedItem(first.split("_")[0])?.focus();
  };
  return (
    <button type="button" className={primary ? "control control-primary" : "control"} aria-disabled={!allowed} aria-describedby={allowed ? undefined : `calc-why-${describedBy}`}
      data-testid={`calc-${name}`} onClick={press}>{label}</button>
  );
}

// The problems of an action in words.
function Problems({ name, problems }) {
  const { x } = useExplore();
  if (isAllowed(problems)) return null;
  const { missing, wrong } = problems;
  const needs = missing.length > 0 ? [fill(x[`calc_needs_${name}`], { what: missing.map((field) => x[`calc_${field}`]).join(", ") })] : [];
  return (
    <div id={`calc-why-${name}`} className="calc-why" data-testid={`calc-why-${name}`}>
      {[...needs, ...wrong.map((text) => x[`calc_wrong_${text}`])].map((line) => <p key={line} className="note">{line}</p>)}
    </div>
  );
}

// The field of the expression. An error is underlined: a copy of the text lies behind the field, and the wrong part of the copy is marked.
function Expression({ text, error, onChange }) {
  const { x } = useExplore();
  const copy = useRef(null);
  const parts = error?.at !== undefined && text ? splitAtError(text, error.at, error.length) : null;
  return (
    <label>{x.calc_text}
      <span className="calc-text">
        <span className="calc-behind" aria-hidden="true" ref={copy} data-testid="calc-wrong">{parts ? <>{parts[0]}<mark>{parts[1]}</mark>{parts[2]}</> : null}</span>
        <textarea name="text" value={text} rows={3} maxLength={2000} spellCheck={false} autoCapitalize="none" placeholder="(D200 - D201) / 2" data-testid="calc-text"
          aria-invalid={parts !== null} aria-describedby="calc-says" onChange={(event) => onChange(event.target.value)}
          onScroll={(event) => { copy.current.scrollTop = event.currentTarget.scrollTop; }} />
      </span>
    </label>
  );
}

// The preview: the line of `result`, and below it the error of the expression, or the lowest and the highest value, or a hint.
function Preview({ result, unit, errorMessage }) {
  const { x } = useExplore();
  const words = useWords();
  const values = result ? result.columns.avg.filter((value) => value !== null) : [];
  const path = result ? linePath(result) : "";
  const range = values.length ? [values.reduce((a, b) => Math.min(a, b)), values.reduce((a, b) => Math.max(a, b))] : null;
  const shownUnit = unit.trim() || result?.unit || "";
  const rangeText = range && fill(x.calc_range, { low: brief(range[0]), high: brief(range[1]), unit: shownUnit }).trim();
  return (
    <figure className="calc-preview">
      <svg viewBox="0 0 100 30" preserveAspectRatio="none" role="img" aria-label={x.calc_preview}>{path ? <path d={path} data-testid="calc-line" /> : null}</svg>
      <figcaption id="calc-says" aria-live="polite" data-wrong={errorMessage !== ""} data-testid="calc-says">
        {errorMessage || rangeText || (result ? x.calc_empty : x.calc_hint)}
        {result?.warnings.map((warning) => <span key={warning.at} className="calc-warning">{messageText(words, warning)}</span>)}
      </figcaption>
    </figure>
  );
}

// The list of saved calculated tags; a click opens one in the form.
function Saved({ saved, chosen, onEdit }) {
  const { x } = useExplore();
  return (
    <section>
      <h3>{x.calc_saved}</h3>
      {saved?.length === 0 ? <p className="note">{x.calc_none}</p> : null}
      <ul className="calc-list">
        {(saved ?? []).map((expression) => (
          <li key={expression.name}>
            <button type="button" aria-pressed={expression.name === chosen} data-testid={`calc-edit-${expression.name}`} onClick={() => onEdit(expression)}>
              <b><Name text={expression.name} /></b>
              <span className="about" title={expression.text}>ƒ {expression.text}</span>
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}

// `{ result, failed }`: the answer of the server for an expression, or its error. It is fetched PAUSE_MS after the last input; until the next answer the
// previous one stays.
function usePreview(text, timeQuery) {
  const [state, setState] = useState({ result: null, failed: null });
  useEffect(() => {
    if (!text.trim()) {
      setState({ result: null, failed: null });
      return undefined;
    }
    const controller = new AbortController();
    const timer = setTimeout(() => {
      json(previewUrl(text, timeQuery), { signal: controller.signal }).then(
        (result) => setState({ result, failed: null }),
        (failed) => controller.signal.aborted || setState({ result: null, failed }),
      );
    }, PAUSE_MS);
    return () => {
      clearTimeout(timer);
      controller.abort();
    };
  }, [text, timeQuery]);
  return state;
}

// An error or a warning of the server in the user's language.
const messageText = (words, { key, values, message }) => (key ? say(words, { key, values }) : message);
