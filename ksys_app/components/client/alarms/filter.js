// Which alarms the list shows, and how, as the address says it.
import { byUrgency, waits } from "./held.js";

export const GROUPINGS = ["none", "group", "priority", "tag"];
export const EVERYTHING = { view: "active", only: "", priority: [], group: null, words: "", by: "none" };

// An invalid value of the address is left out.
export function fromQuery(query) {
  const asked = new URLSearchParams(query);
  const of = (name, allowed, otherwise) => (allowed.includes(asked.get(name)) ? asked.get(name) : otherwise);
  return {
    view: of("view", ["aside"], "active"),
    only: of("only", ["waits"], ""),
    priority: [...new Set((asked.get("priority") ?? "").split(","))].filter((one) => /^[1-4]$/.test(one)).map(Number).sort(),
    group: asked.get("group"),
    words: (asked.get("tag") ?? "").slice(0, 200),
    by: of("by", GROUPINGS, "none"),
  };
}

export function toQuery({ view, only, priority, group, words, by }) {
  const query = new URLSearchParams();
  if (view !== "active") query.set("view", view);
  if (only) query.set("only", only);
  if (priority.length) query.set("priority", priority.join(","));
  if (group !== null) query.set("group", group);
  if (words) query.set("tag", words);
  if (by !== "none") query.set("by", by);
  return query.toString().replaceAll("%2C", ",");
}

export const narrowed = ({ only, priority, group, words }) => Boolean(only || priority.length || group !== null || words);

// The alarms that pass the filter, in the order of their view.
export function chosen(rows, filter) {
  const words = filter.words.toLowerCase().split(/\s+/).filter(Boolean);
  const found = rows.filter((row) => (!filter.only || waits(row))
    && (!filter.priority.length || filter.priority.includes(row.priority))
    && (filter.group === null || groupOf(row) === filter.group)
    && words.every((word) => textOf(row).includes(word)));
  return found.sort(filter.view === "aside" ? byReturn : byUrgency);
}

export const groupOf = (row) => row.group ?? "";
const textOf = (row) => `${row.tag_name} ${row.title ?? ""} ${row.condition} ${row.level} ${row.message ?? ""}`.toLowerCase();

// What comes back first comes first; what has no end comes last.
const endOf = ({ shelved_until: until }) => (until ? Date.parse(until) : Infinity);
const byReturn = (one, other) => (endOf(one) === endOf(other) ? byUrgency(one, other) : endOf(one) - endOf(other));

// The groups of a list by their most urgent alarm, each with its rows in order; one without a name if nothing is grouped.
export function grouped(rows, by) {
  if (by === "none") return [{ name: null, rows }];
  const named = { group: groupOf, priority: (row) => String(row.priority), tag: (row) => row.tag_name }[by];
  const found = new Map();
  for (const row of rows) {
    const name = named(row);
    if (!found.has(name)) found.set(name, []);
    found.get(name).push(row);
  }
  return [...found].map(([name, members]) => ({ name, rows: members }));
}
