// An estimate of the server's clock, with one tick a second for every component that shows a time or an age.
import { useSyncExternalStore } from "react";

const OBSERVATIONS = 8;
const listeners = new Set();
let offsets = [];
let now = 0;
let timer = null;

// Takes a time that the server has sent, epoch ms. It is late by the delay of the network, so `serverMs - Date.now()` is
// a lower bound of the offset between the two clocks. The largest of the last bounds is the best estimate.
export function observe(serverMs) {
  offsets = [...offsets.slice(1 - OBSERVATIONS), serverMs - Date.now()];
  beat();
}

function beat() {
  now = Date.now() + (offsets.length ? Math.max(...offsets) : 0);
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

// The value of `select(now)`, renewed each second. The component renders again only if that value, a primitive, changes.
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
  const [todayDate] = formats.get(zone).format(today).split(" ");
  return date === todayDate ? time : `${date} ${time}`;
}
