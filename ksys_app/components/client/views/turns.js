// The addresses of views: their content, and the rotation of views on a wall. Pure functions.
import { WALL_PARAMS } from "../lib/address.js";

export const SECONDS = { least: 5, usual: 30, most: 3600 };
const MAX_VIEWS = 50;
export const SAVED_PAGES = ["/", "/trend", "/tech", "/explore", "/comm", "/alarms", "/alarms/journal", "/alarms/kpi"];

// Names of views as the value of a query parameter, separated by commas, and back. The address encodes other characters.
export const namesText = (names) => names.map((name) => name.replaceAll("%", "%25").replaceAll(",", "%2C")).join(",");

export const namesIn = (text) => text.split(",").filter(Boolean).map(decoded).slice(0, MAX_VIEWS);

// A name that somebody typed may have a percent sign that encodes nothing.
function decoded(name) {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}

// The seconds of a turn in a query parameter, within their bounds.
export function secondsIn(text) {
  const seconds = Math.round(Number(text || SECONDS.usual));
  return Number.isFinite(seconds) ? Math.min(Math.max(seconds, SECONDS.least), SECONDS.most) : SECONDS.usual;
}

// The rotation in the query of an address: names, seconds of a turn, and the current place; null without a rotation.
export function turnsOf(search) {
  const query = new URLSearchParams(search);
  const names = namesIn(query.get("wall") ?? "");
  if (names.length === 0) return null;
  const at = Number(query.get("at"));
  return { names, every: secondsIn(query.get("every")), at: Number.isInteger(at) ? Math.max(0, at) % names.length : 0 };
}

// The places in the order in which they are tried after the current one, which is last.
export const orderAfter = ({ names, at }, step) =>
  names.map((_, n) => (((at + step * (n + 1)) % names.length) + names.length) % names.length);

export const addressOf = ({ path, query }) => (query ? `${path}?${query}` : path);

// The address of a view in kiosk mode; with `turns`, in a rotation.
export function kioskAddress(view, turns = null) {
  const query = new URLSearchParams(view.query);
  query.set("kiosk", "1");
  if (turns) {
    query.set("wall", namesText(turns.names));
    query.set("every", String(turns.every));
    query.set("at", String(turns.at));
  }
  return `${view.path}?${query}`;
}

// The view that an address shows: path and query, without the parameters of a wall.
export function currentView({ pathname, search }, base) {
  const path = pathname.slice(base.length).replace(/\/+$/, "") || "/";
  const query = new URLSearchParams(search);
  for (const name of WALL_PARAMS) query.delete(name);
  for (const [name, value] of [...query]) if (value === "") query.delete(name);
  return { path, query: query.toString() };
}

// The content of a view: its tags, its window or range, and its comparison.
export function contentOf(view) {
  const query = new URLSearchParams(view.query);
  const tags = [...namesIn(query.get("tags") ?? ""), ...[query.get("tag")].filter(Boolean)];
  return { tags, window: query.get("window") ?? "", ends: [query.get("from") ?? "", query.get("to") ?? ""], compare: query.get("compare") ?? "" };
}
