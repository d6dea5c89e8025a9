// The tool of annotations: the annotations of the time of the page, or the results of a search over all times, and the editor.
import { useEffect, useState, useSyncExternalStore } from "react";
import { useExplore } from "../store.jsx";
import { Editor, useDraft } from "./editor.jsx";
import { useNewNote } from "./key.jsx";
import { Row } from "./row.jsx";
import { noteOfRow, searchUrl, writeProblem } from "./notes.js";
import { useNotes, useOpened } from "./useAnnotations.js";
import { useFetched } from "../../lib/columns.js";
import { me, subscribe } from "../../lib/me.js";
import { at } from "../../lib/paths.js";
import { counted, fill } from "../../lib/words.js";

const PAGE_ROWS = 100;
const MAX_SEARCH = 200;
const PAUSE_MS = 300;

export function Notes() {
  const { x } = useExplore();
  const { rows, total, writable, failed, url } = useNotes();
  const who = useSyncExternalStore(subscribe, me, () => null);
  const draft = useDraft();
  const openNewNote = useNewNote();
  const [typed, setTyped] = useState("");
  const [changes, setChanges] = useState(0);
  const problem = writeProblem(who, writable);
  const mayWrite = problem === "";
  const onChanged = () => setChanges((n) => n + 1);
  return (
    <div className="notes" data-testid="notes">
      <link rel="stylesheet" href={at("/look/explore-notes.css")} precedence="notes" />
      <div className="notes-head">
        <button type="button" className="control" data-testid="note-add" aria-keyshortcuts="n" disabled={!mayWrite} onClick={openNewNote}>{x.note_new}</button>
        <input type="search" className="notes-search" value={typed} maxLength={MAX_SEARCH} aria-label={x.note_search} placeholder={x.note_search}
          data-testid="note-search" onChange={(event) => setTyped(event.target.value)} />
        <a className="control control-small" download href={at(csvUrl(url, typed))} data-testid="notes-csv">CSV</a>
        {mayWrite || problem === "no_me" ? null : <p className="note" role="note" data-testid="note-may-not">{fill(x[`note_${problem}`], { user: who?.user ?? "" })}</p>}
      </div>
      {draft && mayWrite ? <Editor /> : null}
      {failed ? <p className="note note-problem" role="alert">{x.note_old}</p> : null}
      {typed.trim() ? <SearchResults typed={typed.trim()} version={changes} writable={mayWrite} onChanged={onChanged} /> : (
        <List rows={rows} writable={mayWrite} onChanged={onChanged} head={counted(x.note_in_view, total)}
          hint={total > rows.length && rows.length > 0 ? fill(x.note_first, { n: String(rows.length) }) : ""} empty={writable === null ? "" : x.note_none} />
      )}
    </div>
  );
}

// The URL of the CSV file of the annotations that the list shows.
const csvUrl = (url, typed) => {
  const words = typed.trim();
  return words ? `/api/v1/annotations.csv?${new URLSearchParams({ q: words })}` : url.replace("/annotations?", "/annotations.csv?").replace(/&limit=\d+/, "");
};

// The results of a search over all times and tags.
function SearchResults({ typed, version, writable, onChanged }) {
  const { x } = useExplore();
  const words = useDelayed(typed);
  const [limit, setLimit] = useState(PAGE_ROWS);
  useEffect(() => setLimit(PAGE_ROWS), [words]);
  const { data, failed } = useFetched(searchUrl(words, limit), version);
  if (!data) return <p className="note" role="status">{failed ? x.note_no_answer : x.note_searching}</p>;
  return (
    <>
      <List rows={data.rows.map(noteOfRow)} writable={writable} onChanged={onChanged} head={counted(x.note_found, data.total)} hint="" empty={x.note_not_found} />
      {data.total > data.rows.length && limit < 1000 ? (
        <button type="button" className="control" onClick={() => setLimit((n) => n + PAGE_ROWS)}>{x.note_more}</button>
      ) : null}
    </>
  );
}

// The annotations, with a `head` and a `hint` above them, or the text `empty`.
function List({ rows, writable, onChanged, head, hint, empty }) {
  const { x } = useExplore();
  const opened = useOpened();
  return (
    <section aria-label={x.note_list}>
      <p className="notes-count" role="status" data-testid="note-count">{head} {hint}</p>
      {rows.length === 0 && empty ? <p className="note notes-none">{empty}</p> : null}
      <ol className="notes-list">
        {rows.map((note) => <Row key={note.id} note={note} open={opened.id === note.id ? opened.at : 0} writable={writable} onChanged={onChanged} />)}
      </ol>
    </section>
  );
}

// The text as it was when the user last paused for PAUSE_MS.
function useDelayed(text) {
  const [delayed, setDelayed] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => setDelayed(text), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [text]);
  return delayed;
}
