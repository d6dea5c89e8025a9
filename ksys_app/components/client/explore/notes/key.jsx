// The key `n` opens a new annotation for the selected part or the time at the cursor, whichever tool is open.
import { useCallback, useEffect, useSyncExternalStore } from "react";
import { useExplore } from "../store.jsx";
import { openDraft } from "./draft.js";
import { newDraft, writeProblem } from "./notes.js";
import { useNotes } from "./useAnnotations.js";
import { me, subscribe } from "../../lib/me.js";

const TYPING = "input, textarea, select, [contenteditable=true], [role=menu]";

// Returns a function that opens the draft of a new annotation; a draft with unsaved changes stays instead.
export function useNewNote() {
  const { part, cursor, range, tags, hidden, tool, zone, act } = useExplore();
  return useCallback(() => {
    if (tool !== "events") act.chooseTool("events");
    openDraft(newDraft({ part, cursor, range, tags: tags.filter((tag) => !hidden.includes(tag)), zone }));
  }, [part, cursor, range, tags, hidden, tool, zone, act]);
}

export function NoteKey() {
  const openNewNote = useNewNote();
  const { writable } = useNotes();
  const who = useSyncExternalStore(subscribe, me, () => null);
  const { act } = useExplore();
  const mayWrite = writeProblem(who, writable) === "";
  useEffect(() => {
    const onKeyDown = (event) => {
      if (event.key !== "n" || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
      if (event.target.closest?.(TYPING) || document.querySelector("[role=dialog], html[data-kiosk]")) return;
      event.preventDefault();
      // The tool says why the user may not write.
      if (mayWrite) openNewNote();
      else act.chooseTool("events");
    };
    window.addEventListener("keydown", onKeyDown);
    return () => window.removeEventListener("keydown", onKeyDown);
  }, [openNewNote, mayWrite, act]);
  return null;
}
