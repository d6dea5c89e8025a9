// Fetches the tiles of each tick where they are too many for the page's state.
import { useEffect, useLayoutEffect, useSyncExternalStore } from "react";
import { at } from "../lib/paths.js";
import { NOTHING, applied, lacking, marked, ranges, withLines } from "../lib/tiles.js";
import { usePart } from "../lib/useparts.js";

// The scroll rests so long before the lines in sight are fetched.
const REST_MS = 100;

let held = NOTHING;
let shown = { rows: [], titles: [], groups: [] };
// The same without what is drawn only in sight: it stays the same object while people scroll.
let all = shown;
let wanted = { url: "", seq: 0 };
let sight = [];
let pins = [];
let busy = false;
const listeners = new Set();

function show() {
  const { bases, titles, groups } = held;
  if (all.rows !== bases) all = { rows: bases, titles, groups };
  const rows = marked(held, pins);
  if (rows === shown.rows && titles === shown.titles && groups === shown.groups) return;
  shown = { rows, titles, groups };
  for (const listener of listeners) listener();
}

function pin(list) {
  pins = list;
  show();
}

// Fetch what is wanted and in sight. What is asked for during a fetch is not queued: one fetch follows, of the newest.
async function follow(url, seq) {
  wanted = { url, seq };
  // The places of the state's order are those of another list of tags, or of none.
  if (held !== NOTHING && tagsOf(url) !== tagsOf(held.url)) {
    held = NOTHING;
    show();
  }
  if (busy) return;
  busy = true;
  try {
    for (let asked = null; wanted.url && asked !== wanted; ) {
      asked = wanted;
      await pull(asked);
    }
  } catch {
    // The page says when the server is away; the next tick asks again.
  } finally {
    busy = false;
  }
}

async function pull({ url, seq }) {
  const before = held.url === url ? held : { ...NOTHING, url };
  const after = before.asked === seq ? before : { ...(await changed(before)), asked: seq };
  const places = lacking(after, sight, Date.now());
  const drawn = places.length > 0 ? await lines(after, places) : after;
  if (wanted.url !== url || drawn === held) return;
  held = drawn;
  show();
}

async function changed(before) {
  const since = (seq) => load(`${before.url}&since=${seq}`);
  return applied(before, await since(before.seq)) ?? applied(before, await since(0));
}

// Which tags an address asks for.
function tagsOf(url) {
  const query = queryOf(url);
  query.delete("window");
  return query.toString();
}

const queryOf = (url) => new URLSearchParams(url.split("?")[1]);

// The tiles are shown together with their lines; without these where they cannot be read.
async function lines(after, places) {
  const query = queryOf(after.url);
  for (const name of ["fields", "format"]) query.delete(name);
  try {
    return withLines(after, await load(`/api/v1/sparklines?${query}&places=${ranges(places)}`), Date.now());
  } catch {
    return after;
  }
}

async function load(path) {
  const answer = await fetch(at(path));
  if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
  return answer.json();
}

function subscribe(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export const useTiles = () => useSyncExternalStore(subscribe, () => shown);

// The tiles without their lines and pins.
export const useAllTiles = () => useSyncExternalStore(subscribe, () => all);

export function Fetched({ url, seq, pins, tiles, rows, whole }) {
  const parts = [usePart("tiles", tiles, whole), usePart("rows", rows, whole)];
  const places = parts.flat().map(([place]) => place);
  const key = ranges(places);
  useEffect(() => {
    sight = places;
    const rest = setTimeout(() => void follow(wanted.url, wanted.seq), REST_MS);
    return () => clearTimeout(rest);
  }, [key]);
  useLayoutEffect(() => {
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
