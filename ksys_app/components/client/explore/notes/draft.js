// The draft of an annotation. It stays when the list is closed or fetched again, and when the tab is reloaded.
import { isDirty } from "./notes.js";

const KEY = "ksys.note";
const listeners = new Set();
let draft = storedDraft();
let focusRequests = 0;

function storedDraft() {
  try {
    return JSON.parse(sessionStorage.getItem(KEY) ?? "null");
  } catch {
    return null;
  }
}

export const currentDraft = () => draft;
// The number of times that the user has opened a draft; each time the editor takes the focus.
export const focusCount = () => focusRequests;

export function subscribe(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

// Replaces the draft; null closes it.
export function setDraft(next) {
  draft = next;
  try {
    if (next) sessionStorage.setItem(KEY, JSON.stringify(next));
    else sessionStorage.removeItem(KEY);
  } catch {
    // Without storage the draft lasts as long as the page.
  }
  listeners.forEach((listener) => listener());
}

export const changeDraft = (fields) => setDraft({ ...draft, ...fields, waits: false });

// Opens a draft. A draft with unsaved changes stays instead; its `waits` says that the user wanted to open another one.
export function openDraft(next) {
  focusRequests += 1;
  setDraft(isDirty(draft) ? { ...draft, waits: draft.id !== next.id } : next);
}
