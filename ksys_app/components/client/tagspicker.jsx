// Chooses several tags among thousands: typing narrows, arrows and Enter switch one on or off.
import { useRef, useState } from "react";
import { useCombobox } from "downshift";
import { fill } from "./clock.js";
import { useLive } from "./live.jsx";
import { SHOWN, matches, useTags } from "./tagpicker.jsx";

const { ItemClick, InputKeyDownEnter, InputBlur } = useCombobox.stateChangeTypes;

export function TagsPicker({ values, most, label, words: w, onPick }) {
  const { t } = useLive();
  const tags = useTags(values);
  const [typed, setTyped] = useState("");
  const input = useRef(null);
  const chosen = new Set(values);
  const found = matches(tags.names, typed);
  const items = found.slice(0, SHOWN);
  const full = chosen.size >= most;
  const toggle = (name) => {
    const next = chosen.has(name) ? values.filter((other) => other !== name) : [...values, name];
    if (next.length > 0 && next.length <= most) onPick(next);
  };
  const box = useCombobox({
    items,
    inputValue: typed,
    selectedItem: null,
    defaultHighlightedIndex: 0,
    isItemDisabled: (name) => (chosen.has(name) ? chosen.size === 1 : full),
    onSelectedItemChange: ({ selectedItem }) => selectedItem && toggle(selectedItem),
    onIsOpenChange: ({ isOpen }) => (isOpen ? tags.load() : setTyped("")),
    // A choice neither closes the list nor fills the box: it switches one tag on or off.
    stateReducer: (state, { changes, type }) => {
      if (type === InputBlur) return { ...changes, selectedItem: null, inputValue: "" };
      if (type !== ItemClick && type !== InputKeyDownEnter) return changes;
      return { ...changes, inputValue: state.inputValue, isOpen: state.isOpen, highlightedIndex: state.highlightedIndex };
    },
  });
  const open = box.isOpen;
  return (
    <div className="picker" data-open={open}>
      <label className="sr-only" {...box.getLabelProps()}>{label}</label>
      <div className="search">
        <input {...box.getInputProps({ ref: input, onChange: (event) => setTyped(event.target.value) })} placeholder={values.length > 2 ? fill(w.tags_many, { n: values.length }) : values.join(", ")}
          data-testid="tags-picker" data-hotkey="/" data-tags={values.join(" ")} aria-keyshortcuts="/" spellCheck={false}
          autoComplete="off" autoCapitalize="none" title={values.join(", ")} className="tags-input" />
        <span aria-hidden="true" className="chevron" />
      </div>
      <ul {...box.getMenuProps({ "aria-multiselectable": true })} className="menu picker-menu" hidden={!open} data-testid="tags-options">
        {open ? <li className="picker-none">{fill(w.tags_limit, { n: most })}</li> : null}
        {open && tags.failed ? <li className="menu-note" role="alert">{t.tags_failed}</li> : null}
        {open && tags.names.length > 0 && items.length === 0 ? <li className="picker-none">{t.tags_none}</li> : null}
        {open ? items.map((name, index) => (
          <li key={name} className="menu-item" data-highlighted={box.highlightedIndex === index || undefined}
            data-state={chosen.has(name) ? "checked" : undefined} data-testid={`tags-option-${name}`}
            {...box.getItemProps({ item: name, index, "aria-selected": chosen.has(name) })}>
            <span className="tick" aria-hidden="true">{chosen.has(name) ? "✓" : ""}</span>{name}
          </li>
        )) : null}
        {open && found.length > SHOWN ? (
          <li className="picker-none">{fill(t.tags_more, { n: String(found.length - SHOWN) })}</li>
        ) : null}
      </ul>
    </div>
  );
}
