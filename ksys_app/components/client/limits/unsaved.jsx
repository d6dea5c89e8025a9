// Asks before unsaved values are lost, by a navigation in the app or by closing the tab.
import { useEffect } from "react";
import { useBlocker } from "react-router";
import { labelOf } from "./values.js";
import { Modal } from "../shell/modal.jsx";
import { useWords } from "../lib/usewords.js";

const MAX_NAMES = 5;

export function Unsaved({ tag, names }) {
  const words = useWords();
  const { edit: ed } = words;
  const dirty = names.length > 0;
  const { state, proceed, reset } = useBlocker(({ currentLocation: here, nextLocation: next }) =>
    dirty && (here.pathname !== next.pathname || here.search !== next.search));
  useEffect(() => {
    if (!dirty) return undefined;
    const onLeave = (event) => event.preventDefault();
    window.addEventListener("beforeunload", onLeave);
    return () => window.removeEventListener("beforeunload", onLeave);
  }, [dirty]);
  const labels = names.slice(0, MAX_NAMES).map((name) => labelOf(name, words)).join(", ");
  // The button that keeps the values has the focus first, and Escape keeps them too.
  return (
    <Modal open={state === "blocked"} onClose={() => reset?.()} title={ed.unsaved} subtitle={tag} closeLabel={ed.unsaved_keep}
      kind="dialog dialog-small" data-testid="unsaved">
      <div className="ask">
        <p>{names.length > MAX_NAMES ? `${labels}, …` : labels}</p>
        <div className="ask-actions">
          <button type="button" className="control control-primary" data-testid="unsaved-keep" onClick={() => reset?.()}>{ed.unsaved_keep}</button>
          <button type="button" className="control" data-testid="unsaved-drop" onClick={() => proceed?.()}>{ed.unsaved_drop}</button>
        </div>
      </div>
    </Modal>
  );
}
