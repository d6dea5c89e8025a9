// The overview of all tags: one cell a tag, by group. `kind` of a cell says what is wrong.
export const KINDS = ["crit", "warn", "old", "still", "never"];

// The groups of tiles, sorted by name: each with its tiles as `cells` and, by kind of trouble, their count. A group with
// the same tags and kinds as in `before` is the same object, so that React does not render it again.
export function byGroup({ rows, groups }, compare, before = []) {
  const byName = new Map();
  rows.forEach((row, index) => {
    const name = groups[index];
    if (!byName.has(name)) byName.set(name, { name, cells: [], counts: {} });
    const { cells, counts } = byName.get(name);
    cells.push(row);
    if (row.kind !== "ok") counts[row.kind] = (counts[row.kind] ?? 0) + 1;
  });
  const previous = new Map(before.map((group) => [group.name, group]));
  const groupList = [...byName.values()].sort((a, b) => compare(a.name, b.name));
  return groupList.map((group) => (sameCells(previous.get(group.name), group) ? previous.get(group.name) : group));
}

const sameCells = (first, second) =>
  first?.cells.length === second.cells.length &&
  first.cells.every(({ title, kind }, index) => title === second.cells[index].title && kind === second.cells[index].kind);

// The cells of a group to draw; with `brief`, only those of tags that are not normal.
export const cellsOf = ({ cells }, brief) => (brief ? cells.filter(({ kind }) => kind !== "ok") : cells);

// Only the tiles at the places of `order`, in the order of `rows`.
export function tilesAt({ rows, groups }, order) {
  const indices = order.filter((index) => index < rows.length).sort((a, b) => a - b);
  return { rows: indices.map((index) => rows[index]), groups: indices.map((index) => groups[index]) };
}
