// The rotation of views: goes to the next view after some seconds, by the arrow keys, or if a view cannot be shown.
import { useCallback, useEffect, useRef, useState } from "react";
import { useLocation, useNavigate } from "react-router";
import { orderAfter, kioskAddress, turnsOf } from "./turns.js";
import { viewNamed } from "./saved.js";
import { build } from "./watch.js";
import { useLive } from "../shell/live.jsx";

const TYPING = "input, textarea, select, [contenteditable=true]";
// A view that fails is left after this time.
const PATIENCE_MS = 8000;
// The views that failed at their last turn, and whether the rotation is paused. Both last until the page is reloaded.
const skipped = new Set();
let isPaused = false;

// The next existing view of a rotation and its place; null if the server does not answer, or no view exists.
export async function nextView(turns, step) {
  // While the server does not answer, the page stays, because the code of another page could not be loaded.
  if (await build() === undefined) return null;
  for (const at of orderAfter(turns, step)) {
    try {
      return { view: await viewNamed(turns.names[at]), at };
    } catch (error) {
      if (error.status !== 404) return null;
      skipped.add(turns.names[at]);
    }
  }
  return null;
}

export function useTurns() {
  const navigate = useNavigate();
  const { search } = useLocation();
  const turns = turnsOf(search);
  const { link, problem } = useLive();
  const [paused, setPaused] = useState(isPaused);
  const [turn, setTurn] = useState(0);
  const latest = useRef(turns);
  latest.current = turns;
  const active = turns !== null;
  const go = useCallback(async (step) => {
    const found = latest.current && await nextView(latest.current, step);
    setTurn((n) => n + 1);
    if (found) navigate(kioskAddress(found.view, { ...latest.current, at: found.at }), { replace: true });
  }, []);
  const togglePause = useCallback(() => {
    isPaused = !isPaused;
    setPaused(isPaused);
  }, []);
  useEffect(() => {
    if (!active || paused) return undefined;
    const timer = setTimeout(() => void go(1), turns.every * 1000);
    return () => clearTimeout(timer);
  }, [active, paused, turn, search, turns?.every]);
  // The tags of a view may not exist any more. Such a view does not get its full turn.
  const name = turns ? turns.names[turns.at] : "";
  const cannotShow = active && link === "error" && Boolean(problem.way);
  useEffect(() => {
    if (!cannotShow) {
      if (link === "live" || link === "past") skipped.delete(name);
      return undefined;
    }
    skipped.add(name);
    const timer = setTimeout(() => void go(1), PATIENCE_MS);
    return () => clearTimeout(timer);
  }, [cannotShow, link, name]);
  useKeys(active, go, togglePause);
  return turns && { ...turns, name, paused, go, pause: togglePause, skipped: turns.names.filter((other) => skipped.has(other)), key: `${turn} ${search}` };
}

function useKeys(active, go, togglePause) {
  useEffect(() => {
    if (!active) return undefined;
    const onKeyDown = (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey || event.target.closest?.(TYPING)) return;
      const act = { ArrowRight: () => go(1), ArrowLeft: () => go(-1), " ": togglePause }[event.key];
      if (!act) return;
      // In kiosk mode these keys belong to the rotation, not to the page.
      event.preventDefault();
      event.stopPropagation();
      void act();
    };
    window.addEventListener("keydown", onKeyDown, true);
    return () => window.removeEventListener("keydown", onKeyDown, true);
  }, [active]);
}
