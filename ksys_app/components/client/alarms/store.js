// The alarms as this tab knows them: one fetch a second for everything that shows them.
import { useEffect, useRef, useState, useSyncExternalStore } from "react";
import { NOTHING, annunciated, applied } from "./held.js";
import { Refused } from "../lib/columns.js";
import { at } from "../lib/paths.js";

const EVERY_MS = 1000;
const HIDDEN_MS = 5000;
const MOST_WAIT_MS = 8000;
const LIST = "/api/v1/alarms?state=active&since=";
const ASIDE = "/api/v1/alarms?state=shelved&since=";

// `link`: loading, live, old while the server's database is away, lost, or absent where the server has no alarms.
// `calls`: the alarms that the last `call` was about, those that called for attention; `news`: after the page was loaded.
let state = { held: NOTHING, link: "loading", calls: [], call: 0, news: false };
const listeners = new Set();
let timer = null;
let busy = false;
let again = false;
let failures = 0;
let told = false;

function tell(next) {
  state = { ...state, ...next };
  for (const listener of listeners) listener();
}

async function pull() {
  if (busy) {
    again = true;
    return;
  }
  busy = true;
  clearTimeout(timer);
  try {
    // What has changed since; 304 while nothing has: no alarm, no value beside one, and not whether anybody evaluates.
    const answer = await fetch(at(`${LIST}${state.held.seq}`), { cache: "no-store" });
    if (answer.status === 404) tell({ link: "absent" });
    else if (answer.status !== 304) take(await bodyOf(answer));
    else if (state.link !== "live") tell({ link: "live" });
    failures = 0;
  } catch {
    failures += 1;
    tell({ link: "lost" });
  } finally {
    busy = false;
    if (listeners.size > 0 && state.link !== "absent") schedule();
  }
}

async function bodyOf(answer) {
  const body = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Refused(body.error?.code, answer.status);
  return body;
}

function take(answer) {
  const before = state.held;
  const held = applied(before, answer, Date.now());
  const calls = annunciated(before.rows, held.rows);
  const news = told;
  told = true;
  tell({ held, link: answer.stale ? "old" : "live", ...(calls.length ? { calls, call: state.call + 1, news } : {}) });
}

function schedule() {
  const wait = failures ? Math.min(EVERY_MS * 2 ** failures, MOST_WAIT_MS) : document.hidden ? HIDDEN_MS : EVERY_MS;
  timer = setTimeout(pull, again ? 0 : wait);
  again = false;
}

// Somebody has acted, or is back at the tab: what came of it is asked for at once.
export const refresh = () => void pull();

function subscribe(listener) {
  listeners.add(listener);
  if (listeners.size === 1) {
    document.addEventListener("visibilitychange", refresh);
    void pull();
  }
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    document.removeEventListener("visibilitychange", refresh);
    clearTimeout(timer);
  };
}

const NEVER = state;
export const useAlarms = () => useSyncExternalStore(subscribe, () => state, () => NEVER);

// The alarms that are put aside, asked for while somebody looks at them and whenever an alarm has changed.
export function useAside(wanted) {
  const { held: { seq } } = useAlarms();
  const [rows, setRows] = useState(null);
  const known = useRef(NOTHING);
  useEffect(() => {
    if (!wanted) return undefined;
    const stop = new AbortController();
    const read = async () => {
      const answer = await fetch(at(`${ASIDE}${known.current.seq}`), { cache: "no-store", signal: stop.signal });
      if (answer.status !== 304) known.current = applied(known.current, await bodyOf(answer), Date.now());
      setRows(known.current.rows);
    };
    read().catch(() => stop.signal.aborted || setRows((before) => before ?? []));
    return () => stop.abort();
  }, [wanted, seq]);
  return rows;
}

const MOST = 500;
// What the page calls an action, and how the server does it.
const WAYS = { in_service: ["out_of_service", { end: true }] };

// Acts on alarms; the results of all, or throws what the server says.
export async function act(verb, items, said) {
  const [way, more] = WAYS[verb] ?? [verb, {}];
  const results = [];
  try {
    for (let from = 0; from < items.length; from += MOST) {
      const body = JSON.stringify({ items: items.slice(from, from + MOST), ...more, ...said });
      const headers = { "content-type": "application/json" };
      results.push(...(await bodyOf(await fetch(at(`/api/v1/alarms/${way}`), { method: "POST", headers, body }))).results);
    }
  } finally {
    refresh();
  }
  return results;
}
