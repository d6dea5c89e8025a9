// Chooses one tag among thousands: typing narrows, arrows and Enter choose.
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";
import { useCombobox } from "downshift";
import { useLive } from "./live.jsx";
import { Name } from "../grid/name.jsx";
import { at } from "../lib/paths.js";
import { highlighted, listed, matches, SHOWN } from "../lib/picks.js";
import { fill } from "../lib/words.js";

export function TagPicker({ value, label, onPick }) {
  const { t } = useLive();
  const [typed, setTyped] = useState(null);
  const tags = useTags(value, typed ?? "");
  const input = useRef(null);
  const items = useMemo(() => listed(tags.found, value, typed ?? ""), [tags.found, value, typed]);
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
    // What is typed and not chosen is dropped, so that the box always names the tag that is shown.
    stateReducer: (_, { changes, type }) =>
      (type === useCombobox.stateChangeTypes.InputBlur ? { ...changes, selectedItem: null } : changes),
  });
  // Who is in the box before the tag has come types in place of its name too, not behind it.
  useLayoutEffect(() => {
    if (typed === null && document.activeElement === input.current) input.current.select();
  }, [value]);
  const open = box.isOpen;
  // The names come after the list has opened, and each letter brings others.
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
          // At once: told after the next paint, what is typed fast would lose letters.
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

// A tag of the list: its name, and what it measures.
export function Pick({ name, title }) {
  return (
    <span className="pick">
      <Name text={name} />
      {title ? <span className="about" title={title}>{title}</span> : null}
    </span>
  );
}

// Why the list is empty, or what it does not hold.
export function PickerNote({ note }) {
  const { t } = useLive();
  if (!note) return null;
  const failed = note === "failed";
  return <li className={failed ? "menu-note" : "picker-none"} role={failed ? "alert" : undefined}>{t[`tags_${note}`]}</li>;
}

const REST_MS = 300;
const NONE = [];
const TOO_MANY = 413;
// What the server takes; a name that holds more also holds its beginning.
const MAX_WORDS = 200;

// The names are asked for when the list is first opened: a page does not carry thousands of them. What none of them
// matches is looked for among all tags of the database as it is now: they may be too many to list, or one too new.
export function useTags(value, typed) {
  const [all, setAll] = useState({ names: [], titles: {}, note: "" });
  const [searched, setSearched] = useState({ words: "", names: [], titles: {}, note: "" });
  const list = useRef(null);
  useEffect(() => () => list.current?.abort(), []);
  const load = () => {
    list.current?.abort();
    list.current = new AbortController();
    // The same names again are no new list: whoever has moved in it meanwhile stays where they are.
    ask("", list.current.signal, (now) =>
      setAll((before) => (JSON.stringify(before) === JSON.stringify({ ...before, ...now }) ? before : now)));
  };
  const names = all.names.length > 0 ? all.names : [value].flat().filter(Boolean);
  const local = useMemo(() => matches(names, typed, all.titles), [all, value, typed]);
  const words = typed.trim().slice(0, MAX_WORDS).trim();
  const lacking = words !== "" && (all.note === "narrow" || local.length === 0);
  useEffect(() => {
    if (!lacking) return undefined;
    const search = new AbortController();
    const timer = setTimeout(() => ask(words, search.signal, setSearched), REST_MS);
    return () => {
      clearTimeout(timer);
      search.abort();
    };
  }, [lacking, words]);
  if (!lacking) return { found: local, titles: all.titles, note: all.note, load };
  if (searched.words !== words) return { found: NONE, titles: {}, note: "searching", load };
  const note = searched.note || (searched.names.length > 0 ? "" : "none");
  return { found: searched.names, titles: searched.titles, note, load };
}

// Tells the names, and their titles, that hold the words, or why there are none: "failed", or "narrow" where there are too many.
async function ask(words, signal, tell) {
  try {
    const url = at(`/api/v1/tags?${new URLSearchParams(words ? { search: words } : {})}`);
    const answer = await fetch(url, { cache: "no-cache", signal });
    if (!answer.ok) return tell({ words, names: [], titles: {}, note: answer.status === TOO_MANY ? "narrow" : "failed" });
    const tags = await answer.json();
    const titles = Object.fromEntries(tags.filter((tag) => tag.title).map((tag) => [tag.tag_name, tag.title]));
    return tell({ words, names: tags.map((tag) => tag.tag_name), titles, note: "" });
  } catch (error) {
    return error.name === "AbortError" ? undefined : tell({ words, names: [], titles: {}, note: "failed" });
  }
}
