// Any time range beside the 13 windows, and steps to earlier and later.
import { useEffect, useState } from "react";
import * as Popover from "@radix-ui/react-popover";
import { Panel } from "./panel.jsx";
import { named } from "./ranges.js";
import { remember } from "./recent.js";
import { useSeen } from "../chart/seen.jsx";
import { useWords } from "../lib/usewords.js";

const TYPING = "input, textarea, select, [contenteditable=true], [role=menu]";
// In halves of the length of what is shown.
const STEPS = { "[": -2, "]": 2, "{": -1, "}": 1 };

export function RangeControl({ start, end, ends, seconds, past, usual, quick, problem, onRange, onShift }) {
  const { ranges: rg } = useWords();
  const [open, setOpen] = useState(false);
  const [asked, setAsked] = useState(false);
  const { window: times } = useSeen(seconds, ends, []);
  useKeys(past, onShift);
  const turn = (to) => {
    setOpen(to);
    setAsked(false);
  };
  // What was asked for is shown now. What is no range leaves the panel open, with the reason.
  useEffect(() => {
    if (asked && start) remember([start, end]);
    turn(false);
  }, [start, end]);
  const ask = (from, to) => {
    if (from === start && to === end) return turn(false);
    setAsked(true);
    return onRange(from, to);
  };
  const step = (halves, name, label, key, sign) => (
    <button type="button" className="control range-step" data-testid={`range-${name}`} aria-label={label} title={`${label} (${key}). ${rg.half}`}
      aria-keyshortcuts={key} disabled={halves > 0 && !past} onClick={(event) => onShift(event.shiftKey ? halves / 2 : halves)}>
      <span aria-hidden="true">{sign}</span>
    </button>
  );
  const shown = start ? named([start, end], quick, rg) : rg.any;
  return (
    <div className="range" role="group" aria-label={rg.any}>
      {step(-2, "earlier", rg.earlier, "[", "‹")}
      <Popover.Root open={open} onOpenChange={turn}>
        <Popover.Trigger className="control range-button" data-testid="range" data-from={start} data-to={end} data-chosen={start !== ""} title={shown}>
          {start ? <span className="sr-only">{rg.any}</span> : null}
          <span className="range-name">{shown}</span>
          <span aria-hidden="true" className="chevron" />
        </Popover.Trigger>
        <Popover.Portal>
          <Popover.Content className="popover range-panel" aria-label={rg.any} align="start" sideOffset={4} collisionPadding={8} data-testid="range-panel">
            <Panel start={start || usual} end={end || "now"} times={times} quick={quick} problem={asked ? problem : null} onAsk={ask} onEdit={() => setAsked(false)} />
          </Popover.Content>
        </Popover.Portal>
      </Popover.Root>
      {step(2, "later", rg.later, "]", "›")}
    </div>
  );
}

function useKeys(past, onShift) {
  useEffect(() => {
    const pressed = (event) => {
      // Some keyboards have the brackets behind AltGr, which is Ctrl with Alt.
      if (event.metaKey || ((event.ctrlKey || event.altKey) && !event.getModifierState("AltGraph")) || event.defaultPrevented) return;
      if (event.target.closest?.(TYPING) || document.querySelector("[role=dialog]")) return;
      const halves = STEPS[event.key];
      if (!halves || (halves > 0 && !past)) return;
      event.preventDefault();
      onShift(halves);
    };
    window.addEventListener("keydown", pressed);
    return () => window.removeEventListener("keydown", pressed);
  }, [past, onShift]);
}
