// Sorts the rows of the table of limits. Pure functions.

// The sort key of a row by column, where it is not the column's value. Null comes last in both directions.
const KEYS = {
  tag_name: (row) => row.tag_name,
  actor: (row) => (row.actor ? row.actor.place : null),
  file: (row) => (row.file ? Date.parse(row.file.since ?? "1970-01-01") : null),
};

// The rows by the column `by`, descending with `down`; equal ones by the name of the tag.
export function sorted(rows, { by, down }) {
  const keyOf = KEYS[by] ?? ((row) => row[by] ?? null);
  const byName = (a, b) => (a.tag_name < b.tag_name ? -1 : 1);
  return [...rows].sort((a, b) => {
    const [first, second] = [keyOf(a), keyOf(b)];
    if (first === second) return byName(a, b);
    if (first === null || second === null) return first === null ? 1 : -1;
    return (first < second ? -1 : 1) * (down ? -1 : 1);
  });
}
