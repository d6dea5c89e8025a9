// Fetches the tiles of each tick where they are too many for the page's state.
import { useEffect, useSyncExternalStore } from "react";
import { at } from "../lib/paths.js";
import { NOTHING, applied, marked } from "../lib/tiles.js";

let held = NOTHING;
let shown = { rows: [], titles: [], groups: [] };
let wanted = { url: "", seq: 0 };
let pins = [];
let busy = false;
const listeners = new Set();

function show() {
  shown = { rows: marked(held, pins), titles: held.titles, groups: held.groups };
  for (const listener of listeners) listener();
}

function pin(list) {
  pins = list;
  show();
}

// Fetch the tiles of a number. What is asked for during a fetch is not queued: one fetch follows, of the newest number.
async function follow(url, seq) {
  wanted = { url, seq };
  if (!url && held !== NOTHING) {
    held = NOTHING;
    show();
  }
  if (busy) return;
  busy = true;
  try {
    for (let asked = null; wanted.url && asked !== wanted; ) {
      asked = wanted;
      await pull(asked.url);
    }
  } catch {
    // The page says when the server is away; the next tick asks again.
  } finally {
    busy = false;
  }
}

async function pull(url) {
  const before = held.url === url ? held : { ...NOTHING, url };
  const after = applied(before, await load(url, before.seq)) ?? applied(before, await load(url, 0));
  if (wanted.url !== url) return;
  held = after;
  show();
}

async function load(url, since) {
  const answer = await fetch(at(`${url}&since=${since}`));
  if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
  return answer.json();
}

function subscribe(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export const useTiles = () => useSyncExternalStore(subscribe, () => shown);

export function Fetched({ url, seq, pins }) {
  useEffect(() => {
    follow(url, seq);
  }, [url, seq]);
  useEffect(() => pin(titles(pins)), [pins]);
  useEffect(() => () => void follow("", 0), []);
  return null;
}

function titles(pins) {
  try {
    const list = JSON.parse(pins || "[]");
    return Array.isArray(list) ? list.map(String) : [];
  } catch {
    return [];
  }
}
