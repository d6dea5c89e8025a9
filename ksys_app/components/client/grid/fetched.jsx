// Fetches the tiles of each tick if there are too many for the state of the page.
import { useEffect, useLayoutEffect, useSyncExternalStore } from "react";
import { at } from "../lib/paths.js";
import { NO_TILES, applyAnswer, placesWithoutLine, withPins, formatPlaces, withLines } from "../lib/tiles.js";
import { usePart } from "../lib/useparts.js";

// Lines of visible tiles are fetched when the scrolling has paused for this time.
const SCROLL_PAUSE_MS = 100;

let tileSet = NO_TILES;
let shown = { rows: [], titles: [], groups: [] };
// The same without the drawings of visible tiles. It stays the same object while people scroll.
let allTiles = shown;
let requested = { url: "", seq: 0 };
let visiblePlaces = [];
let pins = [];
let busy = false;
const listeners = new Set();

function show() {
  const { bases, titles: about, groups } = tileSet;
  if (allTiles.rows !== bases) allTiles = { rows: bases, titles: about, groups };
  const rows = withPins(tileSet, pins);
  if (rows === shown.rows && about === shown.titles && groups === shown.groups) return;
  shown = { rows, titles: about, groups };
  for (const listener of listeners) listener();
}

function setPins(tags) {
  pins = tags;
  show();
}

// Fetches the tiles of a tick and the lines of the visible ones. Requests during a fetch are not queued: after it, only
// the newest one is fetched.
async function fetchNewest(url, seq) {
  requested = { url, seq };
  // The places in the state's order belong to another list of tags, so the old tiles are dropped.
  if (tileSet !== NO_TILES && tagsOf(url) !== tagsOf(tileSet.url)) {
    tileSet = NO_TILES;
    show();
  }
  if (busy) return;
  busy = true;
  try {
    for (let request = null; requested.url && request !== requested; ) {
      request = requested;
      await fetchTick(request);
    }
  } catch {
    // The status bar reports a lost server; the next tick fetches again.
  } finally {
    busy = false;
  }
}

async function fetchTick({ url, seq }) {
  const before = tileSet.url === url ? tileSet : { ...NO_TILES, url };
  const after = before.fetchedSeq === seq ? before : { ...(await fetchChanges(before)), fetchedSeq: seq };
  const places = placesWithoutLine(after, visiblePlaces, Date.now());
  const withDrawings = places.length > 0 ? await fetchLines(after, places) : after;
  if (requested.url !== url || withDrawings === tileSet) return;
  tileSet = withDrawings;
  show();
}

async function fetchChanges(before) {
  const since = (seq) => load(`${before.url}&since=${seq}`);
  return applyAnswer(before, await since(before.seq)) ?? applyAnswer(before, await since(0));
}

// The part of a URL that selects the tags.
function tagsOf(url) {
  const query = queryOf(url);
  query.delete("window");
  return query.toString();
}

const queryOf = (url) => new URLSearchParams(url.split("?")[1]);

// The tiles with their lines, or without if the lines cannot be fetched.
async function fetchLines(after, places) {
  const query = queryOf(after.url);
  for (const name of ["fields", "format"]) query.delete(name);
  try {
    return withLines(after, await load(`/api/v1/sparklines?${query}&places=${formatPlaces(places)}`), Date.now());
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

// The tiles with their lines and pins.
export const useTiles = () => useSyncExternalStore(subscribe, () => shown);

// The tiles without their lines and pins.
export const useAllTiles = () => useSyncExternalStore(subscribe, () => allTiles);

export function Fetched({ url, seq, pins, tiles, rows, renderAllUpTo }) {
  const parts = [usePart("tiles", tiles, renderAllUpTo), usePart("rows", rows, renderAllUpTo)];
  const places = parts.flat().map(([place]) => place);
  const key = formatPlaces(places);
  useEffect(() => {
    visiblePlaces = places;
    const timer = setTimeout(() => void fetchNewest(requested.url, requested.seq), SCROLL_PAUSE_MS);
    return () => clearTimeout(timer);
  }, [key]);
  useLayoutEffect(() => {
    fetchNewest(url, seq);
  }, [url, seq]);
  useEffect(() => setPins(pinnedTags(pins)), [pins]);
  useEffect(() => () => void fetchNewest("", 0), []);
  return null;
}

function pinnedTags(pins) {
  try {
    const tags = JSON.parse(pins || "[]");
    return Array.isArray(tags) ? tags.map(String) : [];
  } catch {
    return [];
  }
}
