// A picker of several tags that send: typing filters the list, the arrow keys and Enter switch a tag on or off. Calculated tags have no
// communication of their own.
import { useLayoutEffect, useMemo, useRef, useState } from "react";
import { useCombobox } from "downshift";
import { highlighted, SHOWN } from "../lib/picks.js";
import { Pick, PickerNote, useTags } from "../shell/tagpicker.jsx";
import { useWords } from "../lib/usewords.js";
import { fill } from "../lib/words.js";

const { ItemClick, InputKeyDownEnter, InputBlur } = useCombobox.stateChangeTypes;

const sending = (tag) => !tag.expression;

export function TagsPicker({ values, most, label, onPick }) {
  const { live: t, comm: w } = useWords();
  const [typed, setTyped] = useState("");
  const tags = useTags(values, typed, sending);
  const input = useRef(null);
  const chosen = new Set(values);
  const items = useMemo(() => tags.found.slice(0, SHOWN), [tags.found]);
  const isFull = chosen.size >= most;
  const toggle = (name) => {
    const next = chosen.has(name) ? values.filter((other) => other !== name) : [...values, name];
    if (next.length > 0 && next.length <= most) onPick(next);
  };
  const box = useCombobox({
    items,
    inputValue: typed,
    selectedItem: null,
    isItemDisabled: (name) => (chosen.has(name) ? chosen.size === 1 : isFull),
    onSelectedItemChange: ({ selectedItem }) => selectedItem && toggle(selectedItem),
    onIsOpenChange: ({ isOpen }) => (isOpen ? tags.load() : setTyped("")),
    // A choice switches a tag on or off. It does not close the list or change the text.
    stateReducer: (state, { changes, type }) => {
      if (type === InputBlur) return { ...changes, selectedItem: null, inputValue: "" };
      if (type !== ItemClick && type !== InputKeyDownEnter) return changes;
      return { ...changes, inputValue: state.inputValue, isOpen: state.isOpen, highlightedIndex: state.highlightedIndex };
    },
  });
  const open = box.isOpen;
  // Without typed text nothing is highlighted, so that Enter does not switch a tag by accident.
  useLayoutEffect(() => {
    if (open) box.setHighlightedIndex(highlighted(items, null, typed));
  }, [open, typed]);
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
        {open ? <PickerNote note={tags.note} /> : null}
        {open ? items.map((name, index) => (
          <li key={name} className="menu-item" data-highlighted={box.highlightedIndex === index || undefined}
            data-state={chosen.has(name) ? "checked" : undefined} data-testid={`tags-option-${name}`}
            {...box.getItemProps({ item: name, index, "aria-selected": chosen.has(name) })}>
            <span className="tick" aria-hidden="true">{chosen.has(name) ? "✓" : ""}</span>
            <Pick name={name} title={tags.titles[name]} />
          </li>
        )) : null}
        {open && tags.found.length > SHOWN ? (
          <li className="picker-none">{fill(t.tags_more, { n: String(tags.found.length - SHOWN) })}</li>
        ) : null}
      </ul>
    </div>
  );
}
