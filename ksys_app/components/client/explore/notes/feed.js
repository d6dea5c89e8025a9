// The annotations in the time of the page, fetched once for all components that show them, and the annotation that the list must show.
import { noteOfRow } from "./notes.js";
import { at } from "../../lib/paths.js";

const EMPTY = { url: "", rows: [], total: 0, writable: null, failed: false };
const listeners = new Set();
let state = EMPTY;
// The version and the URL of the last call of `fetchNotes`.
let lastRequest = "";
let opened = { id: 0, at: 0 };

export const currentNotes = () => state;
export const openedNote = () => opened;

export function subscribe(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function update(next) {
  state = next;
  notify();
}

const notify = () => listeners.forEach((listener) => listener());

// Fetches a URL, and fetches it again when `version` changes. The rows of another URL are not shown meanwhile.
export function fetchNotes(url, version) {
  const request = `${version} ${url}`;
  if (request === lastRequest) return;
  lastRequest = request;
  if (state.url !== url) update({ ...EMPTY, url, writable: state.writable });
  void load(url);
}

// Fetches the annotations again. Call it after a change.
export function refetch() {
  if (state.url) void load(state.url);
}

// Makes the list show an annotation.
export function openNote(id) {
  opened = { id, at: opened.at + 1 };
  notify();
}

async function load(url) {
  try {
    const answer = await fetch(at(url), { cache: "no-cache" });
    if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
    const body = await answer.json();
    if (state.url !== url) return;
    // The same answer again: keep the state, so that nothing is drawn again.
    const etag = answer.headers.get("etag") ?? "";
    if (etag && etag === state.etag && !state.failed) return;
    update({ url, etag, rows: body.rows.map(noteOfRow), total: body.total, writable: body.writable, failed: false });
  } catch {
    // The rows of the last answer stay.
    if (state.url === url) update({ ...state, failed: true });
  }
}
