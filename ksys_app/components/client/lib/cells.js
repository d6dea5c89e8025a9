// All tags at once: one cell each, by group, with what is wrong.
export const KINDS = ["crit", "warn", "old", "still", "never"];

// The groups by name, each with the rows of its tags and how many of them have which trouble. A group in which no
// tag has come, gone or changed its trouble stays the object of `before`, so that nothing of it is drawn anew.
export function byGroup({ rows, groups }, compare, before = []) {
  const found = new Map();
  rows.forEach((row, at) => {
    const name = groups[at];
    if (!found.has(name)) found.set(name, { name, cells: [], counts: {} });
    const { cells, counts } = found.get(name);
    cells.push(row);
    if (row.kind !== "ok") counts[row.kind] = (counts[row.kind] ?? 0) + 1;
  });
  const known = new Map(before.map((group) => [group.name, group]));
  const made = [...found.values()].sort((one, other) => compare(one.name, other.name));
  return made.map((group) => (same(known.get(group.name), group) ? known.get(group.name) : group));
}

const same = (one, other) =>
  one?.cells.length === other.cells.length &&
  one.cells.every(({ title, kind }, at) => title === other.cells[at].title && kind === other.cells[at].kind);

// The tags of a group that have a cell.
export const cellsOf = ({ cells }, brief) => (brief ? cells.filter(({ kind }) => kind !== "ok") : cells);

// The tiles at some places, by name as all of them.
export function within({ rows, groups }, order) {
  const places = order.filter((place) => place < rows.length).sort((one, other) => one - other);
  return { rows: places.map((place) => rows[place]), groups: places.map((place) => groups[place]) };
}
