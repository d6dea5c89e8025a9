// The sound of alarms, on or off in this browser. Only one tab sounds, until all alarms are acknowledged or a person silences
// the sound.
import { useSyncExternalStore } from "react";
import { loudest, sounding } from "./snapshot.js";
import { PATTERNS, play } from "./tones.js";

const SWITCH_KEY = "ksys.alarm-sound";
const SILENCED_KEY = "ksys.alarm-silenced";

// `wanted`: switched on; `ready`: the browser allows this page to sound; `priority`: of the sounding alarms, 0 without any.
let state = { wanted: stored(SWITCH_KEY) === "on", ready: false, priority: 0 };
const listeners = new Set();
let context = null;
let timer = null;
let keys = [];
let rows = [];
let initialized = false;
// The lock of the sounding tab: whether this tab has requested it, whether it has it, and a function that releases it.
let lockRequested = false;
let hasLock = false;
/** @type {(value?: any) => void} */
let release = () => {};

// A stored value, null without one. A browser may forbid pages to store anything.
function stored(name) {
  try {
    return typeof window === "undefined" ? null : localStorage.getItem(name);
  } catch {
    return null;
  }
}

function store(name, value) {
  try {
    localStorage.setItem(name, value);
  } catch {
    // Without storage the choice lasts until the page is closed.
  }
}

function update(next) {
  state = { ...state, ...next };
  for (const listener of listeners) listener();
  startOrStop();
}

// Starts or stops the repeated sound according to the state.
function startOrStop() {
  const sounds = state.wanted && state.ready && hasLock && state.priority > 0;
  if (sounds && timer === null) {
    const repeat = () => {
      play(context, state.priority);
      timer = setTimeout(repeat, PATTERNS[state.priority].every * 1000);
    };
    repeat();
  } else if (!sounds) {
    clearTimeout(timer);
    timer = null;
  }
}

// Resumes the audio context. Browsers allow that only after a click or a key in the page.
async function resumeAudio() {
  if (!state.wanted || state.ready || typeof AudioContext === "undefined") return;
  context ??= Object.assign(new AudioContext(), { onstatechange: () => update({ ready: context.state === "running" }) });
  await context.resume().catch(() => {});
  if (context.state !== "running") return;
  requestLock();
  update({ ready: true });
}

// Requests the lock of the sounding tab. Without TLS browsers have no locks; then every tab sounds.
function requestLock() {
  if (lockRequested) return;
  lockRequested = true;
  if (!navigator.locks) {
    hasLock = true;
    return;
  }
  void navigator.locks.request(SWITCH_KEY, () => {
    hasLock = lockRequested;
    startOrStop();
    return hasLock ? new Promise((resolve) => { release = resolve; }) : undefined;
  });
}

function releaseLock() {
  lockRequested = false;
  hasLock = false;
  release();
}

export async function switchSound(wanted) {
  store(SWITCH_KEY, wanted ? "on" : "off");
  if (!wanted) releaseLock();
  update({ wanted, ready: wanted && context?.state === "running" });
  await resumeAudio();
  if (wanted && state.ready) test();
}

export function test() {
  if (context?.state === "running") play(context, 2);
}

// Silences the current alarms in all tabs. They stay unacknowledged, and later alarms sound again.
export function silence() {
  store(SILENCED_KEY, String(Date.now()));
  keys = [];
  update({ priority: 0 });
}

// Updates the sound for the rows of the list and the newly annunciated alarms.
export function updateSound(newRows, annunciated) {
  const silencedMs = initialized ? -1 : Number(stored(SILENCED_KEY) ?? -1);
  initialized = true;
  rows = newRows;
  keys = sounding(keys, rows, annunciated, silencedMs);
  const priority = loudest(rows, keys);
  if (priority !== state.priority) update({ priority });
}

// Follows another tab of this browser that has switched or silenced the sound.
function onStorage({ key, newValue }) {
  if (key === SILENCED_KEY) {
    keys = [];
    update({ priority: 0 });
  }
  if (key !== SWITCH_KEY) return;
  if (newValue !== "on") releaseLock();
  update({ wanted: newValue === "on", ready: newValue === "on" && context?.state === "running" });
  void resumeAudio();
}

function subscribe(listener) {
  listeners.add(listener);
  if (listeners.size === 1) {
    for (const gesture of ["pointerdown", "keydown"]) window.addEventListener(gesture, resumeAudio);
    window.addEventListener("storage", onStorage);
    void resumeAudio();
  }
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    for (const gesture of ["pointerdown", "keydown"]) window.removeEventListener(gesture, resumeAudio);
    window.removeEventListener("storage", onStorage);
  };
}

const OFF = { wanted: false, ready: false, priority: 0 };
export const useSound = () => useSyncExternalStore(subscribe, () => state, () => OFF);
