// The snapshot of the alarms in this tab, fetched once a second for all components that show alarms.
import { useEffect, useRef, useState, useSyncExternalStore } from "react";
import { EMPTY_SNAPSHOT, annunciated, applyAnswer } from "./snapshot.js";
import { Refused } from "../lib/load.js";
import { at } from "../lib/paths.js";

const EVERY_MS = 1000;
const HIDDEN_MS = 5000;
const MOST_WAIT_MS = 8000;
const LIST = "/api/v1/alarms?state=active&since=";
const ASIDE = "/api/v1/alarms?state=shelved&since=";

// `held`: the snapshot. `link`: "loading", "live", "old" while the server's database does not answer, "lost" while the server
// does not answer, or "absent" if the server has no alarms. `annunciated`: the alarms of the last annunciation, the
// `annunciations`th; `news`: whether they are newer than the page.
let state = { held: EMPTY_SNAPSHOT, link: "loading", annunciated: [], annunciations: 0, news: false };
const listeners = new Set();
let timer = null;
let busy = false;
let again = false;
let failures = 0;
let loadedOnce = false;
// When the server last confirmed the snapshot, epoch ms. It is no part of the state, because no component shows it while the server answers.
let confirmedMs = 0;

function update(next) {
  state = { ...state, ...next };
  for (const listener of listeners) listener();
}

async function fetchChanges() {
  if (busy) {
    again = true;
    return;
  }
  busy = true;
  clearTimeout(timer);
  try {
    // The changes since the snapshot. The server answers 304 if neither an alarm, a value nor the evaluation has changed.
    const answer = await fetch(at(`${LIST}${state.held.seq}`), { cache: "no-store" });
    if (answer.status === 404) update({ link: "absent" });
    else if (answer.status !== 304) receive(await bodyOf(answer));
    else {
      confirmedMs = Date.now();
      if (state.link !== "live") update({ link: "live" });
    }
    failures = 0;
  } catch {
    failures += 1;
    const { held } = state;
    update({ link: "lost", held: confirmedMs > held.atMs ? { ...held, atMs: confirmedMs } : held });
  } finally {
    busy = false;
    if (listeners.size > 0 && state.link !== "absent") schedule();
  }
}

async function bodyOf(answer) {
  const body = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Refused(body.error, answer.status);
  return body;
}

function receive(answer) {
  const before = state.held;
  const held = applyAnswer(before, answer, Date.now());
  const toAnnunciate = annunciated(before.rows, held.rows);
  const news = loadedOnce;
  loadedOnce = true;
  update({ held, link: answer.stale ? "old" : "live", ...(toAnnunciate.length ? { annunciated: toAnnunciate, annunciations: state.annunciations + 1, news } : {}) });
}

function schedule() {
  const wait = failures ? Math.min(EVERY_MS * 2 ** failures, MOST_WAIT_MS) : document.hidden ? HIDDEN_MS : EVERY_MS;
  timer = setTimeout(fetchChanges, again ? 0 : wait);
  again = false;
}

// Fetches at once: after an action, and when the tab becomes visible again.
export const refresh = () => void fetchChanges();

function subscribe(listener) {
  listeners.add(listener);
  if (listeners.size === 1) {
    document.addEventListener("visibilitychange", refresh);
    void fetchChanges();
  }
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    document.removeEventListener("visibilitychange", refresh);
    clearTimeout(timer);
  };
}

const INITIAL = state;
export const useAlarms = () => useSyncExternalStore(subscribe, () => state, () => INITIAL);

// The rows of the alarms that are put aside, fetched again whenever an alarm changes; null until they are fetched, and while
// `enabled` is false.
export function useAside(enabled) {
  const { held: { seq } } = useAlarms();
  const [rows, setRows] = useState(null);
  const asideSnapshot = useRef(EMPTY_SNAPSHOT);
  useEffect(() => {
    if (!enabled) return undefined;
    const stop = new AbortController();
    const fetchAside = async () => {
      const answer = await fetch(at(`${ASIDE}${asideSnapshot.current.seq}`), { cache: "no-store", signal: stop.signal });
      if (answer.status !== 304) asideSnapshot.current = applyAnswer(asideSnapshot.current, await bodyOf(answer), Date.now());
      setRows(asideSnapshot.current.rows);
    };
    fetchAside().catch(() => stop.signal.aborted || setRows((before) => before ?? []));
    return () => stop.abort();
  }, [enabled, seq]);
  return rows;
}

const MAX_ITEMS = 500;
// The endpoint and extra fields of an action whose name differs from its endpoint.
const ENDPOINTS = { in_service: ["out_of_service", { end: true }] };

// Posts an action on alarms, at most MAX_ITEMS in a request. Returns the results of all; throws `Refused` or the network error.
export async function act(verb, items, fields) {
  const [endpoint, extra] = ENDPOINTS[verb] ?? [verb, {}];
  const results = [];
  try {
    for (let from = 0; from < items.length; from += MAX_ITEMS) {
      const body = JSON.stringify({ items: items.slice(from, from + MAX_ITEMS), ...extra, ...fields });
      const headers = { "content-type": "application/json" };
      results.push(...(await bodyOf(await fetch(at(`/api/v1/alarms/${endpoint}`), { method: "POST", headers, body }))).results);
    }
  } finally {
    refresh();
  }
  return results;
}
