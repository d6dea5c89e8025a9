// The sound of alarms: on or off in this browser; one tab sounds, until everything is acknowledged or somebody silences it.
import { useSyncExternalStore } from "react";
import { loudest, sounding } from "./held.js";
import { PATTERNS, play } from "./tones.js";

const KEPT = "ksys.alarm-sound";
const SILENCED = "ksys.alarm-silenced";

// `wanted`: switched on; `ready`: the browser lets this page sound; `priority`: which calls, 0 for none.
let state = { wanted: kept(KEPT) === "on", ready: false, priority: 0 };
const listeners = new Set();
let context = null;
let timer = null;
let keys = [];
let rows = [];
let heard = false;
// Whether this tab asks to be the one that sounds, whether it is, and how it gives that up.
let claimed = false;
let mine = false;
/** @type {(value?: any) => void} */
let release = () => {};

// A browser may forbid pages to keep anything.
function kept(name) {
  try {
    return typeof window === "undefined" ? null : localStorage.getItem(name);
  } catch {
    return null;
  }
}

function keep(name, value) {
  try {
    localStorage.setItem(name, value);
  } catch {
    // The choice holds until the page is closed.
  }
}

function tell(next) {
  state = { ...state, ...next };
  for (const listener of listeners) listener();
  sound();
}

function sound() {
  const on = state.wanted && state.ready && mine && state.priority > 0;
  if (on && timer === null) {
    const again = () => {
      play(context, state.priority);
      timer = setTimeout(again, PATTERNS[state.priority].every * 1000);
    };
    again();
  } else if (!on) {
    clearTimeout(timer);
    timer = null;
  }
}

// A browser lets a page sound only once somebody has clicked or typed in it.
async function wake() {
  if (!state.wanted || state.ready || typeof AudioContext === "undefined") return;
  context ??= Object.assign(new AudioContext(), { onstatechange: () => tell({ ready: context.state === "running" }) });
  await context.resume().catch(() => {});
  if (context.state !== "running") return;
  claim();
  tell({ ready: true });
}

// Where a plant serves pages without TLS, browsers have no locks: then each tab sounds.
function claim() {
  if (claimed) return;
  claimed = true;
  if (!navigator.locks) {
    mine = true;
    return;
  }
  void navigator.locks.request(KEPT, () => {
    mine = claimed;
    sound();
    return mine ? new Promise((resolve) => { release = resolve; }) : undefined;
  });
}

function giveUp() {
  claimed = false;
  mine = false;
  release();
}

export async function switchTo(wanted) {
  keep(KEPT, wanted ? "on" : "off");
  if (!wanted) giveUp();
  tell({ wanted, ready: wanted && context?.state === "running" });
  await wake();
  if (wanted && state.ready) test();
}

export function test() {
  if (context?.state === "running") play(context, 2);
}

// What calls now is heard no more, in no tab; it is not acknowledged by that, and what calls next sounds.
export function silence() {
  keep(SILENCED, String(Date.now()));
  keys = [];
  tell({ priority: 0 });
}

// Tells of the alarms of the list, and of those that called just now.
export function hear(list, calls) {
  const silencedMs = heard ? -1 : Number(kept(SILENCED) ?? -1);
  heard = true;
  rows = list;
  keys = sounding(keys, rows, calls, silencedMs);
  const priority = loudest(rows, keys);
  if (priority !== state.priority) tell({ priority });
}

// Another tab of this browser has switched or silenced the sound.
function elsewhere({ key, newValue }) {
  if (key === SILENCED) {
    keys = [];
    tell({ priority: 0 });
  }
  if (key !== KEPT) return;
  if (newValue !== "on") giveUp();
  tell({ wanted: newValue === "on", ready: newValue === "on" && context?.state === "running" });
  void wake();
}

function subscribe(listener) {
  listeners.add(listener);
  if (listeners.size === 1) {
    for (const gesture of ["pointerdown", "keydown"]) window.addEventListener(gesture, wake);
    window.addEventListener("storage", elsewhere);
    void wake();
  }
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    for (const gesture of ["pointerdown", "keydown"]) window.removeEventListener(gesture, wake);
    window.removeEventListener("storage", elsewhere);
  };
}

const OFF = { wanted: false, ready: false, priority: 0 };
export const useSound = () => useSyncExternalStore(subscribe, () => state, () => OFF);
