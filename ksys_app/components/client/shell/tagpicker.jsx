// Chooses one tag among thousands: typing narrows, arrows and Enter choose.
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";
import { useCombobox } from "downshift";
import { useLive } from "./live.jsx";
import { Name } from "../grid/name.jsx";
import { at } from "../lib/paths.js";
import { highlighted, visibleNames, matches, SHOWN } from "../lib/picks.js";
import { fill } from "../lib/words.js";

export function TagPicker({ value, label, onPick }) {
  const { t } = useLive();
  const [typed, setTyped] = useState(null);
  const tags = useTags(value, typed ?? "");
  const input = useRef(null);
  const items = useMemo(() => visibleNames(tags.found, value, typed ?? ""), [tags.found, value, typed]);
  const box = useCombobox({
    items,
    inputValue: typed ?? value,
    selectedItem: null,
    onSelectedItemChange: ({ selectedItem }) => {
      if (selectedItem && selectedItem !== value) onPick(selectedItem);
      setTyped(null);
      input.current?.blur();
    },
    onIsOpenChange: ({ isOpen }) => (isOpen ? tags.load() : setTyped(null)),
    // Leaving the box drops typed text without a choice, so that the box always names the current tag.
    stateReducer: (_, { changes, type }) =>
      (type === useCombobox.stateChangeTypes.InputBlur ? { ...changes, selectedItem: null } : changes),
  });
  // If the name of the tag arrives while the focus is already in the box, typing must replace the name, not follow it.
  useLayoutEffect(() => {
    if (typed === null && document.activeElement === input.current) input.current.select();
  }, [value]);
  const open = box.isOpen;
  // The names arrive after the list has opened, and every typed letter changes them.
  useLayoutEffect(() => {
    if (open) box.setHighlightedIndex(highlighted(items, value, typed ?? ""));
  }, [open, items]);
  return (
    <div className="picker" data-open={open}>
      <label className="sr-only" {...box.getLabelProps()}>{label}</label>
      <div className="search">
        <input {...box.getInputProps({
          ref: input,
          onFocus: (event) => event.target.select(),
          // Set at once: if the state changed after the next paint, fast typing would lose letters.
          onChange: (event) => setTyped(event.target.value),
        })} placeholder={label}
          data-testid="tag-picker" data-hotkey="/" data-tag={value} aria-keyshortcuts="/" spellCheck={false}
          autoComplete="off" autoCapitalize="none" title={value} />
        <span aria-hidden="true" className="chevron" />
      </div>
      <ul {...box.getMenuProps()} className="menu picker-menu" hidden={!open} data-testid="tag-options">
        {open ? <PickerNote note={tags.note} /> : null}
        {open ? items.map((name, index) => (
          <li key={name} className="menu-item" data-highlighted={box.highlightedIndex === index || undefined}
            data-state={name === value ? "checked" : undefined} data-testid={`tag-option-${name}`}
            {...box.getItemProps({ item: name, index })}><Pick name={name} title={tags.titles[name]} /></li>
        )) : null}
        {open && tags.found.length > SHOWN ? (
          <li className="picker-none">{fill(t.tags_more, { n: String(tags.found.length - SHOWN) })}</li>
        ) : null}
      </ul>
    </div>
  );
}

// An item of the list: the tag's name, and what it measures.
export function Pick({ name, title }) {
  return (
    <span className="pick">
      <Name text={name} />
      {title ? <span className="about" title={title}>{title}</span> : null}
    </span>
  );
}

// Why the list is empty or incomplete.
export function PickerNote({ note }) {
  const { t } = useLive();
  if (!note) return null;
  const failed = note === "failed";
  return <li className={failed ? "menu-note" : "picker-none"} role={failed ? "alert" : undefined}>{t[`tags_${note}`]}</li>;
}

const PAUSE_MS = 300;
const NONE = [];
const every = () => true;
const TOO_MANY = 413;
// The longest search text of the server. Every name that contains a longer text contains its beginning.
const MAX_WORDS = 200;

// The names of tags for a picker, fetched when its list opens, because a page does not hold thousands of them. If no
// loaded name matches, the server searches: there may be too many tags to load, or the tag may be new.
// Only tags that `isOffered` accepts are in the list.
// Returns `found`, the matching names; `titles` by name; `note`, the key of a text about the list; and `load`.
export function useTags(value, typed, isOffered = every) {
  const [loaded, setLoaded] = useState({ names: [], titles: {}, note: "" });
  const [searched, setSearched] = useState({ words: "", names: [], titles: {}, note: "" });
  const listRequest = useRef(null);
  useEffect(() => () => listRequest.current?.abort(), []);
  const load = () => {
    listRequest.current?.abort();
    listRequest.current = new AbortController();
    // The same names again keep the old object, so that the highlighted item does not move.
    fetchNames("", isOffered, listRequest.current.signal, (result) =>
      setLoaded((before) => (JSON.stringify(before) === JSON.stringify({ ...before, ...result }) ? before : result)));
  };
  const names = loaded.names.length > 0 ? loaded.names : [value].flat().filter(Boolean);
  const matching = useMemo(() => matches(names, typed, loaded.titles), [loaded, value, typed]);
  const words = typed.trim().slice(0, MAX_WORDS).trim();
  const needsSearch = words !== "" && (loaded.note === "narrow" || matching.length === 0);
  useEffect(() => {
    if (!needsSearch) return undefined;
    const search = new AbortController();
    const timer = setTimeout(() => fetchNames(words, isOffered, search.signal, setSearched), PAUSE_MS);
    return () => {
      clearTimeout(timer);
      search.abort();
    };
  }, [needsSearch, words]);
  if (!needsSearch) return { found: matching, titles: loaded.titles, note: loaded.note, load };
  if (searched.words !== words) return { found: NONE, titles: {}, note: "searching", load };
  const note = searched.note || (searched.names.length > 0 ? "" : "none");
  return { found: searched.names, titles: searched.titles, note, load };
}

// Calls `onResult` with the names that contain the words, and their titles; `note` is "failed" if the request failed, and
// "narrow" if there are too many names.
async function fetchNames(words, isOffered, signal, onResult) {
  try {
    const url = at(`/api/v1/tags?${new URLSearchParams(words ? { search: words } : {})}`);
    const answer = await fetch(url, { cache: "no-cache", signal });
    if (!answer.ok) return onResult({ words, names: [], titles: {}, note: answer.status === TOO_MANY ? "narrow" : "failed" });
    const tags = (await answer.json()).filter(isOffered);
    const titles = Object.fromEntries(tags.filter((tag) => tag.title).map((tag) => [tag.tag_name, tag.title]));
    return onResult({ words, names: tags.map((tag) => tag.tag_name), titles, note: "" });
  } catch (error) {
    return error.name === "AbortError" ? undefined : onResult({ words, names: [], titles: {}, note: "failed" });
  }
}
