// Shortcuts of one key or two, and the dialog that lists them.
import { useEffect, useRef, useState } from "react";
import { useNavigate } from "react-router";
import { Modal } from "./modal.jsx";

const CHORD_MS = 1500;
const TYPING = "input, textarea, select, [contenteditable=true], [role=menu]";

// A link that moves the focus past the parts that every page repeats. It does not change the address.
export function SkipLink({ to, text }) {
  return (
    <a
      href={`#${to}`}
      className="skip-link"
      onClick={(event) => {
        event.preventDefault();
        document.getElementById(to)?.focus();
      }}
    >
      {text}
    </a>
  );
}

/** @returns {HTMLElement | null} */
const focusable = (selector) => document.querySelector(selector);

export function OpenPicker({ text, className }) {
  const open = () => {
    const picker = focusable('.header [data-hotkey="/"]');
    picker?.focus();
    picker?.click();
  };
  return <button type="button" className={className} data-testid="choose-tag" onClick={open}>{text}</button>;
}

export function Keys({ routes, shortcuts, title, closeLabel, label, onRefresh }) {
  const [help, setHelp] = useState(false);
  const navigate = useNavigate();
  const chord = useRef(0);
  useEffect(() => {
    const onKeyDown = (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
      if (event.target.closest?.(TYPING) || document.querySelector("[role=dialog]")) return;
      const second = Date.now() - chord.current < CHORD_MS;
      chord.current = event.key === "g" ? Date.now() : 0;
      const act = () => {
        if (second && routes[event.key]) return navigate(routes[event.key]);
        if (event.key === "/") return focusable('[data-hotkey="/"]')?.focus();
        if (event.key === "r") return onRefresh?.();
        if (event.key === "?") return setHelp(true);
        return false;
      };
      if (act() !== false) event.preventDefault();
    };
    window.addEventListener("keydown", onKeyDown);
    return () => window.removeEventListener("keydown", onKeyDown);
  }, [routes, navigate, onRefresh]);
  return (
    <>
      <button type="button" className="help-button" data-testid="help-open" aria-keyshortcuts="?"
        aria-label={label} title={label} onClick={() => setHelp(true)}>
        <kbd aria-hidden="true">?</kbd>
        <span className="nav-text">{label}</span>
      </button>
      <Modal open={help} onClose={() => setHelp(false)} title={title} closeLabel={closeLabel}
        kind="dialog dialog-small" data-testid="help">
        <dl className="shortcuts">
          {shortcuts.map(([keys, what]) => (
            <div key={keys}>
              <dt>{keys.split(" ").map((key) => <kbd key={key}>{key}</kbd>)}</dt>
              <dd>{what}</dd>
            </div>
          ))}
        </dl>
      </Modal>
    </>
  );
}
