// The annotations in the time of the page, for the components that draw or list them.
import { useEffect, useMemo, useSyncExternalStore } from "react";
import { useExplore } from "../store.jsx";
import { currentNotes, fetchNotes, openedNote, openNote, subscribe } from "./feed.js";
import { requestOf } from "./notes.js";

export { openNote };

// `{ url, rows, total, writable, failed }`. `rows` are those of `url`, which may still be the previous URL of the page. `writable` is null until the server has answered; `failed`: whether the last request failed.
export function useNotes() {
  const { tags, timeQuery, version } = useExplore();
  const url = useMemo(() => (timeQuery ? requestOf(timeQuery, tags) : ""), [timeQuery, tags]);
  useEffect(() => {
    if (url) fetchNotes(url, version);
  }, [url, version]);
  return useSyncExternalStore(subscribe, currentNotes, currentNotes);
}

// `[{ id, from, to, tags, category, text, author, … }]`, times in epoch ms, `to` null for a single time, newest first.
export const useAnnotations = () => useNotes().rows;

// The annotation that the list must show, `{ id, at }`; `at` grows with each request to show one.
export const useOpened = () => useSyncExternalStore(subscribe, openedNote, openedNote);
