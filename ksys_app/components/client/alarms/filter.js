// The filter and the grouping of the list, in the address and on the rows. Pure functions.
import { byUrgency, waits } from "./snapshot.js";

export const GROUPINGS = ["none", "group", "priority", "tag"];
export const NO_FILTER = { view: "active", only: "", priority: [], group: null, words: "", by: "none" };

// The filter in the query of an address, without its invalid values.
export function fromQuery(query) {
  const params = new URLSearchParams(query);
  const choice = (name, allowed, otherwise) => (allowed.includes(params.get(name)) ? params.get(name) : otherwise);
  return {
    view: choice("view", ["aside"], "active"),
    only: choice("only", ["waits"], ""),
    priority: [...new Set((params.get("priority") ?? "").split(","))].filter((text) => /^[1-4]$/.test(text)).map(Number).sort(),
    group: params.get("group"),
    words: (params.get("tag") ?? "").slice(0, 200),
    by: choice("by", GROUPINGS, "none"),
  };
}

// The query of the address for a filter.
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

// Whether the filter hides any alarm.
export const isFiltered = ({ only, priority, group, words }) => Boolean(only || priority.length || group !== null || words);

// The alarms that pass the filter, in the order of the view.
export function filterRows(rows, filter) {
  const words = filter.words.toLowerCase().split(/\s+/).filter(Boolean);
  const passing = rows.filter((row) => (!filter.only || waits(row))
    && (!filter.priority.length || filter.priority.includes(row.priority))
    && (filter.group === null || groupOf(row) === filter.group)
    && words.every((word) => textOf(row).includes(word)));
  return passing.sort(filter.view === "aside" ? byReturn : byUrgency);
}

export const groupOf = (row) => row.group ?? "";
const textOf = (row) => `${row.tag_name} ${row.title ?? ""} ${row.condition} ${row.level} ${row.message ?? ""}`.toLowerCase();

// Of the alarms that are put aside, the first one to return comes first; those without an end come last.
const endOf = ({ shelved_until: until }) => (until ? Date.parse(until) : Infinity);
const byReturn = (a, b) => (endOf(a) === endOf(b) ? byUrgency(a, b) : endOf(a) - endOf(b));

// The groups of a sorted list, ordered by their first row, each with its rows; a single group with the name null if `by` is
// "none".
export function grouped(rows, by) {
  if (by === "none") return [{ name: null, rows }];
  const nameOf = { group: groupOf, priority: (row) => String(row.priority), tag: (row) => row.tag_name }[by];
  const rowsByGroup = new Map();
  for (const row of rows) {
    const name = nameOf(row);
    if (!rowsByGroup.has(name)) rowsByGroup.set(name, []);
    rowsByGroup.get(name).push(row);
  }
  return [...rowsByGroup].map(([name, members]) => ({ name, rows: members }));
}
