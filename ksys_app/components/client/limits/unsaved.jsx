// Asks before typed values that nobody saved are lost: by another address of the app, or with the tab.
import { useEffect } from "react";
import { useBlocker } from "react-router";
import { labelOf } from "./values.js";
import { Modal } from "../shell/modal.jsx";
import { useWords } from "../lib/usewords.js";

const MOST = 5;

export function Unsaved({ tag, names }) {
  const words = useWords();
  const { edit: ed } = words;
  const dirty = names.length > 0;
  const { state, proceed, reset } = useBlocker(({ currentLocation: here, nextLocation: next }) =>
    dirty && (here.pathname !== next.pathname || here.search !== next.search));
  useEffect(() => {
    if (!dirty) return undefined;
    const asks = (event) => event.preventDefault();
    window.addEventListener("beforeunload", asks);
    return () => window.removeEventListener("beforeunload", asks);
  }, [dirty]);
  const listed = names.slice(0, MOST).map((name) => labelOf(name, words)).join(", ");
  // The first thing that has the focus keeps what was typed, and so does Escape.
  return (
    <Modal open={state === "blocked"} onClose={() => reset?.()} title={ed.unsaved} subtitle={tag} closeLabel={ed.unsaved_keep}
      kind="dialog dialog-small" data-testid="unsaved">
      <div className="ask">
        <p>{names.length > MOST ? `${listed}, …` : listed}</p>
        <div className="ask-actions">
          <button type="button" className="control control-primary" data-testid="unsaved-keep" onClick={() => reset?.()}>{ed.unsaved_keep}</button>
          <button type="button" className="control" data-testid="unsaved-drop" onClick={() => proceed?.()}>{ed.unsaved_drop}</button>
        </div>
      </div>
    </Modal>
  );
}
