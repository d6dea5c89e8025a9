// The tiles that a page fetches: a tick brings only those that have changed, and the others stay the objects that they are.

export const NOTHING = { url: "", seq: 0, rows: [], titles: [], groups: [], index: new Map() };

// What is held, brought up to date; null where only all tiles can help, because their places have changed.
export function applied(held, { seq, whole, removed, tiles }) {
  if (whole) {
    const index = new Map(tiles.map(({ title }, place) => [title, place]));
    return { ...held, seq, rows: tiles.map(({ shown }) => shown), titles: tiles.map(({ about }) => about), groups: tiles.map(({ group }) => group), index };
  }
  if (removed.length > 0 || tiles.some(({ title }) => !held.index.has(title))) return null;
  if (tiles.length === 0) return { ...held, seq };
  const [rows, titles, groups] = [held.rows.slice(), held.titles.slice(), held.groups.slice()];
  for (const { title, about, group, shown } of tiles) {
    const place = held.index.get(title);
    rows[place] = shown;
    titles[place] = about;
    groups[place] = group;
  }
  return { ...held, seq, rows, titles, groups };
}

// Rows with the marks of the tags that this browser keeps in front; the others stay the objects that they are.
export function marked({ rows, index }, pins) {
  const places = pins.map((title) => index.get(title)).filter((place) => place !== undefined);
  if (places.length === 0) return rows;
  const made = rows.slice();
  for (const place of places) made[place] = { ...rows[place], pinned: true };
  return made;
}
