// The server's clock as this browser sees it, one tick a second for everybody who shows an age.
import { useSyncExternalStore } from "react";

const REMEMBERED = 8;
const listeners = new Set();
let bounds = [];
let now = 0;
let timer = null;

// What the server said its time was is at most its time now: delays only make it older. So each
// observation is a lower bound of how far its clock leads ours, and the largest is the closest.
export function observe(serverMs) {
  bounds = [...bounds.slice(1 - REMEMBERED), serverMs - Date.now()];
  beat();
}

function beat() {
  now = Date.now() + (bounds.length ? Math.max(...bounds) : 0);
  listeners.forEach((listener) => listener());
}

function subscribe(listener) {
  listeners.add(listener);
  if (timer === null) {
    timer = setInterval(beat, 1000);
    document.addEventListener("visibilitychange", beat);
  }
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) {
      clearInterval(timer);
      timer = null;
      document.removeEventListener("visibilitychange", beat);
    }
  };
}

// Re-renders only when what `select` makes of the time changes; it must answer a primitive.
export function useClock(select) {
  return useSyncExternalStore(
    subscribe,
    () => select(now || Date.now()),
    () => select(0),
  );
}

const formats = new Map();

// `16:26:07` today, `2025-08-15 16:26:07` on another day, in the display zone.
export function timeText(ms, zone, today) {
  if (!formats.has(zone)) {
    formats.set(
      zone,
      new Intl.DateTimeFormat("sv-SE", { timeZone: zone, dateStyle: "short", timeStyle: "medium" }),
    );
  }
  const [date, time] = formats.get(zone).format(ms).split(" ");
  const [other] = formats.get(zone).format(today).split(" ");
  return date === other ? time : `${date} ${time}`;
}
