// All tags at once: one cell each, by group, with what is wrong.
export const KINDS = ["crit", "warn", "old", "still", "never"];

// The worst that a tag has, as the counts over the tiles name it; "ok" for nothing.
export function kindOf({ status_level: status, alarm_level: alarm, comm, still_s: still }) {
  const level = Math.max(status, alarm);
  if (level === 2) return "crit";
  if (comm === "lost") return "old";
  if (level === 1) return "warn";
  if (comm === "late") return "old";
  if (still > 0) return "still";
  return comm === "never" ? "never" : "ok";
}

// The groups by name, each with its cells by name and how many of them have which trouble.
export function byGroup({ rows, groups }, compare) {
  const found = new Map();
  rows.forEach((row, at) => {
    const name = groups[at];
    if (!found.has(name)) found.set(name, { name, cells: [], counts: {} });
    const group = found.get(name);
    const kind = kindOf(row);
    group.cells.push({ title: row.title, kind });
    if (kind !== "ok") group.counts[kind] = (group.counts[kind] ?? 0) + 1;
  });
  return [...found.values()].sort((one, other) => compare(one.name, other.name));
}
