// The lines of the table of limits in the order of a column. Pure.

// What a line is sorted by; null comes last, whichever way.
const KEYS = {
  tag_name: (one) => one.tag_name,
  actor: (one) => (one.actor ? one.actor.place : null),
  file: (one) => (one.file ? Date.parse(one.file.since ?? "1970-01-01") : null),
};

export function sorted(lines, { by, down }) {
  const key = KEYS[by] ?? ((one) => one[by] ?? null);
  const names = (one, other) => (one.tag_name < other.tag_name ? -1 : 1);
  return [...lines].sort((one, other) => {
    const [mine, theirs] = [key(one), key(other)];
    if (mine === theirs) return names(one, other);
    if (mine === null || theirs === null) return mine === null ? 1 : -1;
    return (mine < theirs ? -1 : 1) * (down ? -1 : 1);
  });
}
