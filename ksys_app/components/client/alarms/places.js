// The places of a list that does not move under somebody: what is new waits, and what is over stays where it was.
import { keyOf } from "./held.js";

export const EMPTY = { items: [], waiting: 0 };

// Lines of a list: a head for each named group, then its alarms.
export const linesOf = (groups) => groups.flatMap(({ name, rows }) => [
  ...(name === null ? [] : [{ key: `group ${name}`, head: name, rows }]),
  ...rows.map((row) => ({ key: keyOf(row), row })),
]);

// The lines to show. While somebody is at the list (`held`), those shown `before` keep their places.
export function settled(before, groups, held) {
  const lines = linesOf(groups);
  if (!held || before.items.length === 0) return { items: lines, waiting: 0 };
  const now = new Map(lines.map((line) => [line.key, line]));
  const items = before.items.map((line) => now.get(line.key) ?? (line.row ? { ...line, over: true } : { ...line, rows: [] }));
  const shown = new Set(items.map(({ key }) => key));
  return { items, waiting: lines.filter(({ key, row }) => row && !shown.has(key)).length };
}

// The row that a key leads to from the one at `index`; heads are stepped over.
export function step(items, index, key) {
  const by = { ArrowDown: 1, j: 1, ArrowUp: -1, k: -1, PageDown: 10, PageUp: -10, Home: -Infinity, End: Infinity }[key];
  if (by === undefined) return null;
  const rows = items.flatMap((item, at) => (item.row ? [at] : []));
  if (rows.length === 0) return null;
  const at = rows.indexOf(index);
  if (at < 0) return by < 0 && by !== -Infinity ? rows.at(-1) : rows[by === Infinity ? rows.length - 1 : 0];
  return rows[Math.min(Math.max(at + by, 0), rows.length - 1)];
}
