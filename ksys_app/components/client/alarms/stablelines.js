// The lines of a list whose order is fixed while a person uses it: new alarms wait, and alarms that are over keep their places.
import { keyOf } from "./snapshot.js";

export const NO_LINES = { items: [], waiting: 0 };

// The lines of groups: a head for each named group, then its alarms.
export const toLines = (groups) => groups.flatMap(({ name, rows }) => [
  ...(name === null ? [] : [{ key: `group ${name}`, head: name, rows }]),
  ...rows.map((row) => ({ key: keyOf(row), row })),
]);

// The lines to show as `items`, and how many new alarms wait. While the list is in use, the lines of `before` keep their places.
export function stableLines(before, groups, inUse) {
  const lines = toLines(groups);
  if (!inUse || before.items.length === 0) return { items: lines, waiting: 0 };
  const now = new Map(lines.map((line) => [line.key, line]));
  const items = before.items.map((line) => now.get(line.key) ?? (line.row ? { ...line, over: true } : { ...line, rows: [] }));
  const shown = new Set(items.map(({ key }) => key));
  return { items, waiting: lines.filter(({ key, row }) => row && !shown.has(key)).length };
}

// The index of the row to which a key moves from the line at `index`; null for other keys. Heads are skipped.
export function nextRow(items, index, key) {
  const offset = { ArrowDown: 1, j: 1, ArrowUp: -1, k: -1, PageDown: 10, PageUp: -10, Home: -Infinity, End: Infinity }[key];
  if (offset === undefined) return null;
  const rows = items.flatMap((item, at) => (item.row ? [at] : []));
  if (rows.length === 0) return null;
  const at = rows.indexOf(index);
  if (at < 0) return offset < 0 && offset !== -Infinity ? rows.at(-1) : rows[offset === Infinity ? rows.length - 1 : 0];
  return rows[Math.min(Math.max(at + offset, 0), rows.length - 1)];
}
