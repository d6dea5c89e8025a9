// The control of a time range: a panel to choose one, and buttons and keys for earlier and later times.
import { useEffect, useState } from "react";
import * as Popover from "@radix-ui/react-popover";
import { Panel } from "./panel.jsx";
import { rangeText } from "./ranges.js";
import { remember } from "./recent.js";
import { useVisibleRange } from "../chart/visiblerange.jsx";
import { useWords } from "../lib/usewords.js";

const TYPING = "input, textarea, select, [contenteditable=true], [role=menu]";
// Steps of the keys, in halves of the shown length.
const STEPS = { "[": -2, "]": 2, "{": -1, "}": 1 };

export function RangeControl({ start, end, ends, seconds, past, usual, quick, problem, onRange, onShift }) {
  const { ranges: rg } = useWords();
  const [open, setOpen] = useState(false);
  const [requested, setRequested] = useState(false);
  const { window: times } = useVisibleRange(seconds, ends, []);
  useKeys(past, onShift);
  const openOrClose = (to) => {
    setOpen(to);
    setRequested(false);
  };
  // When the requested range is shown, the panel closes. An invalid range leaves it open, with the reason.
  useEffect(() => {
    if (requested && start) remember([start, end]);
    openOrClose(false);
  }, [start, end]);
  const requestRange = (from, to) => {
    if (from === start && to === end) return openOrClose(false);
    setRequested(true);
    return onRange(from, to);
  };
  const stepButton = (halves, name, label, key, symbol) => (
    <button type="button" className="control range-step" data-testid={`range-${name}`} aria-label={label} title={`${label} (${key}). ${rg.half}`}
      aria-keyshortcuts={key} disabled={halves > 0 && !past} onClick={(event) => onShift(event.shiftKey ? halves / 2 : halves)}>
      <span aria-hidden="true">{symbol}</span>
    </button>
  );
  const shown = start ? rangeText([start, end], quick, rg) : rg.any;
  return (
    <div className="range" role="group" aria-label={rg.any}>
      {stepButton(-2, "earlier", rg.earlier, "[", "‹")}
      <Popover.Root open={open} onOpenChange={openOrClose}>
        <Popover.Trigger className="control range-button" data-testid="range" data-from={start} data-to={end} data-chosen={start !== ""} title={shown}>
          {start ? <span className="sr-only">{rg.any}</span> : null}
          <span className="range-name">{shown}</span>
          <span aria-hidden="true" className="chevron" />
        </Popover.Trigger>
        <Popover.Portal>
          <Popover.Content className="popover range-panel" aria-label={rg.any} align="start" sideOffset={4} collisionPadding={8} data-testid="range-panel">
            <Panel start={start || usual} end={end || "now"} times={times} quick={quick} problem={requested ? problem : null} onAsk={requestRange} onEdit={() => setRequested(false)} />
          </Popover.Content>
        </Popover.Portal>
      </Popover.Root>
      {stepButton(2, "later", rg.later, "]", "›")}
    </div>
  );
}

function useKeys(past, onShift) {
  useEffect(() => {
    const onKeyDown = (event) => {
      // Some keyboards have the brackets on AltGr, which browsers report as Ctrl with Alt.
      if (event.metaKey || ((event.ctrlKey || event.altKey) && !event.getModifierState("AltGraph")) || event.defaultPrevented) return;
      if (event.target.closest?.(TYPING) || document.querySelector("[role=dialog]")) return;
      const halves = STEPS[event.key];
      if (!halves || (halves > 0 && !past)) return;
      event.preventDefault();
      onShift(halves);
    };
    window.addEventListener("keydown", onKeyDown);
    return () => window.removeEventListener("keydown", onKeyDown);
  }, [past, onShift]);
}
