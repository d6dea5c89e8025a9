// Controls of the header that react at once, without waiting for the server.
import { useEffect, useRef, useState } from "react";
import * as Menu from "@radix-ui/react-dropdown-menu";
import { Digits } from "../grid/digits.jsx";
import { useWords } from "../lib/usewords.js";
import { fill } from "../lib/words.js";

export function WindowMenu({ value, groups, label, onSelect }) {
  const { pages: t, windows } = useWords();
  return (
    <Menu.Root modal={false}>
      <Menu.Trigger className="control" data-testid="window-menu" data-window={value}>
        <span className="sr-only">{label}</span>
        <span className="control-key">{value || label}</span>
        <span className="control-long">{windows[value]}</span>
        <span aria-hidden="true" className="chevron" />
      </Menu.Trigger>
      <Menu.Portal>
        <Menu.Content ref={startAtChosen} className="menu" align="start" sideOffset={4} collisionPadding={8}
          data-testid="window-options">
          <Menu.RadioGroup value={value} onValueChange={onSelect}>
            {groups.map((group) => (
              <Menu.Group key={group.name} className="menu-group">
                <Menu.Label className="menu-label">{t[`group_${group.name}`]}</Menu.Label>
                {group.items.map((item) => (
                  <Menu.RadioItem key={item.label} value={item.label} className="menu-item"
                    textValue={windows[item.label]} data-testid={`window-${item.label}`}>
                    <span className="menu-key">{item.label}</span>
                    <span>{windows[item.label]}</span>
                    <span className="menu-note">{fill(t.bucket_note, { bucket: t[`bucket_${item.bucket}`] })}</span>
                  </Menu.RadioItem>
                ))}
              </Menu.Group>
            ))}
          </Menu.RadioGroup>
        </Menu.Content>
      </Menu.Portal>
    </Menu.Root>
  );
}

function startAtChosen(menu) {
  requestAnimationFrame(() => menu?.querySelector('[data-state="checked"]')?.focus());
}

export function SearchBox({ value, label, clearLabel, delayMs, onSearch }) {
  const [text, setText] = useState(value);
  const sent = useRef(value);
  const timer = useRef(null);
  const input = useRef(null);
  useEffect(() => {
    // Take only values that come from elsewhere, such as a link. The echo of our own value may be older than the typed text.
    if (value !== sent.current.trim() && timer.current === null) {
      sent.current = value;
      setText(value);
    }
  }, [value]);
  useEffect(() => () => clearTimeout(timer.current), []);
  const send = (next, delay) => {
    setText(next);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => {
      timer.current = null;
      sent.current = next;
      onSearch(next);
    }, delay);
  };
  return (
    <div className="search" role="search">
      <svg viewBox="0 0 24 24" width="14" height="14" aria-hidden="true" fill="none" stroke="currentColor"
        strokeWidth="2" strokeLinecap="round"><circle cx="11" cy="11" r="7" /><path d="m20 20-4-4" /></svg>
      <input
        ref={input} type="text" inputMode="search" enterKeyHint="search" value={text} placeholder={label}
        aria-label={label} aria-keyshortcuts="/" data-testid="tag-filter" data-hotkey="/" spellCheck={false}
        autoComplete="off" autoCapitalize="none"
        onChange={(event) => send(event.target.value, delayMs)}
        onKeyDown={(event) => {
          if (event.key === "Enter") send(text, 0);
          if (event.key === "Escape") text ? send("", 0) : input.current.blur();
        }}
      />
      {text ? (
        <button type="button" className="search-clear" aria-label={clearLabel} data-testid="tag-filter-clear"
          onClick={() => { send("", 0); input.current.focus(); }}>
          <svg viewBox="0 0 24 24" width="12" height="12" aria-hidden="true" fill="none"
            stroke="currentColor" strokeWidth="2.5" strokeLinecap="round"><path d="M18 6 6 18M6 6l12 12" /></svg>
        </button>
      ) : <kbd aria-hidden="true">/</kbd>}
    </div>
  );
}

// A figure whose background is highlighted, and fades within 400 ms, when it changes.
export function Figure({ text, ...rest }) {
  const node = useRef(null);
  const before = useRef(text);
  useEffect(() => {
    if (before.current === text) return;
    before.current = text;
    if (window.matchMedia("(prefers-reduced-motion: reduce)").matches) return;
    node.current?.animate(
      [{ backgroundColor: "var(--changed)" }, { backgroundColor: "transparent" }],
      { duration: 400, easing: "ease-out" },
    );
  }, [text]);
  return <span ref={node} {...rest}><Digits text={text} /></span>;
}
