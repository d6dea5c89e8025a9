// The head of a page in kiosk mode: title, age of the data, and the rotation of views.
import "../lib/explorewords.js";
import { useEffect, useState } from "react";
import { Look } from "./look.jsx";
import { useTurns } from "./useturns.jsx";
import { addressOf, currentView } from "./turns.js";
import { watch } from "./watch.js";
import { Mark } from "../grid/mark.jsx";
import { useLive } from "../shell/live.jsx";
import { ageText } from "../lib/age.js";
import { timeText, useClock } from "../lib/clock.js";
import { at } from "../lib/paths.js";
import { useWords } from "../lib/usewords.js";
import { fill } from "../lib/words.js";

const IDLE_MS = 3000;

export function Kiosk({ title }) {
  const { explore: x } = useWords();
  const { zone } = useLive();
  const turns = useTurns();
  const idle = useIdle();
  useEffect(watch, []);
  const clock = useClock((now) => (now ? timeText(now, zone, now).slice(0, 5) : ""));
  return (
    <header className="kiosk-head" data-testid="kiosk" data-idle={idle}>
      <Look />
      <h1>{turns ? turns.name : title}</h1>
      {turns ? <Rotation turns={turns} x={x} /> : null}
      {idle ? null : <a className="control control-small" href={at(addressOf(currentView(window.location, at(""))))} data-testid="kiosk-leave">{x.view_leave}</a>}
      <LiveState />
      <span className="kiosk-clock">{clock}</span>
    </header>
  );
}

// Whether the data is live, and its age; empty on a page that does not update its data.
function LiveState() {
  const { link, old, updatedMs, seenMs, tickS, t } = useLive();
  const waiting = old || link === "error" || link === "retrying";
  const age = useClock((now) => (now && updatedMs ? ageText((now - Math.max(updatedMs, link === "live" ? seenMs : 0)) / 1000, t) : ""));
  if (!tickS) return null;
  const word = link === "past" ? t.says_past : waiting ? t.live_waits : t.live_on;
  return (
    <span className="kiosk-live" data-link={link} data-testid="kiosk-live">
      <Mark kind={waiting ? "old" : link === "past" ? "paused" : "ok"} />
      <span>{word}</span>
      <span className="kiosk-age">{age}</span>
    </span>
  );
}

// The controls of the rotation: place, pause, progress, and the skipped views.
function Rotation({ turns, x }) {
  const { at: place, names, every, paused, skipped, go, pause, key } = turns;
  const step = (by, label, symbol) => <button type="button" className="icon-button" aria-label={label} title={label} onClick={() => go(by)}>{symbol}</button>;
  return (
    <>
      <span className="kiosk-turn" data-testid="kiosk-turn">
        {step(-1, x.view_before, "‹")}
        <button type="button" className="control control-small" aria-pressed={paused} title={x.view_pause} data-testid="kiosk-pause" onClick={pause}>
          {paused ? x.view_paused : `${place + 1} / ${names.length}`}
        </button>
        {step(1, x.view_next, "›")}
      </span>
      <span className="kiosk-skipped" role="status" data-testid="kiosk-skipped">
        {skipped.length > 0 ? fill(x.view_skipped, { names: skipped.join(", ") }) : ""}
      </span>
      <span key={key} className="kiosk-progress" data-paused={paused} aria-hidden="true" style={{ animationDuration: `${every}s` }} />
    </>
  );
}

// Whether nobody has used pointer or keys for IDLE_MS; then the pointer is hidden.
function useIdle() {
  const [idle, setIdle] = useState(true);
  useEffect(() => {
    let timer = 0;
    const onUse = () => {
      setIdle(false);
      clearTimeout(timer);
      timer = window.setTimeout(() => setIdle(true), IDLE_MS);
    };
    ["pointermove", "pointerdown", "keydown"].forEach((name) => window.addEventListener(name, onUse));
    return () => {
      clearTimeout(timer);
      ["pointermove", "pointerdown", "keydown"].forEach((name) => window.removeEventListener(name, onUse));
    };
  }, []);
  useEffect(() => {
    document.documentElement.toggleAttribute("data-idle", idle);
    return () => document.documentElement.removeAttribute("data-idle");
  }, [idle]);
  return idle;
}
