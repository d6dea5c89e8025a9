// Chooses one tag among thousands: typing narrows, arrows and Enter choose.
import { useEffect, useRef, useState } from "react";
import { useCombobox } from "downshift";
import { fill } from "./clock.js";
import { useLive } from "./live.jsx";

export const SHOWN = 50;

export function TagPicker({ value, label, onPick }) {
  const { t } = useLive();
  const tags = useTags(value);
  const [typed, setTyped] = useState(null);
  const input = useRef(null);
  const found = matches(tags.names, typed ?? "");
  const items = found.slice(0, SHOWN);
  const box = useCombobox({
    items,
    inputValue: typed ?? value,
    selectedItem: null,
    defaultHighlightedIndex: 0,
    onSelectedItemChange: ({ selectedItem }) => {
      if (selectedItem) onPick(selectedItem);
      setTyped(null);
      input.current?.blur();
    },
    onIsOpenChange: ({ isOpen }) => (isOpen ? tags.load() : setTyped(null)),
    // What is typed and not chosen is dropped, so that the box always names the tag that is shown.
    stateReducer: (state, { changes, type }) =>
      (type === useCombobox.stateChangeTypes.InputBlur ? { ...changes, selectedItem: null } : changes),
  });
  const open = box.isOpen;
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
        {open && tags.failed ? <li className="menu-note" role="alert">{t.tags_failed}</li> : null}
        {open && tags.names.length > 0 && items.length === 0 ? <li className="picker-none">{t.tags_none}</li> : null}
        {open ? items.map((name, index) => (
          <li key={name} className="menu-item" data-highlighted={box.highlightedIndex === index || undefined}
            data-state={name === value ? "checked" : undefined} data-testid={`tag-option-${name}`}
            {...box.getItemProps({ item: name, index })}>{name}</li>
        )) : null}
        {open && found.length > SHOWN ? (
          <li className="picker-none">{fill(t.tags_more, { n: String(found.length - SHOWN) })}</li>
        ) : null}
      </ul>
    </div>
  );
}

// Each word of what is typed is in the name, in any order, whatever the case.
export function matches(names, typed) {
  const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
  return names.filter((name) => words.every((word) => name.toLowerCase().includes(word)));
}

// The names are asked for when the list is first opened: a page does not carry thousands of them.
export function useTags(value) {
  const [names, setNames] = useState([]);
  const [failed, setFailed] = useState(false);
  const asked = useRef(null);
  useEffect(() => () => asked.current?.abort(), []);
  const load = () => {
    asked.current?.abort();
    asked.current = new AbortController();
    fetch("/api/v1/tags", { cache: "no-cache", signal: asked.current.signal })
      .then((answer) => (answer.ok ? answer.json() : Promise.reject(new Error(String(answer.status)))))
      .then((tags) => {
        setNames(tags.map((tag) => tag.tag_name));
        setFailed(false);
      })
      .catch((error) => error.name === "AbortError" || setFailed(true));
  };
  return { names: names.length > 0 ? names : [value].flat().filter(Boolean), failed, load };
}
