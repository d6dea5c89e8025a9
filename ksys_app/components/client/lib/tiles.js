// The tiles that a page fetches: a tick brings only those that have changed, and the others stay the objects that they are. What is drawn of a tile, its line above all, comes only for the tiles in sight.

export const NOTHING = { url: "", asked: 0, seq: 0, bases: [], rows: [], titles: [], groups: [], index: new Map(), drawn: new Map() };

// A line moves with the clock; so old it may get where its tag has no new sample.
export const LINE_MS = 30_000;
// So many lines are fetched at once; paper would ask for all.
const MOST_LINES = 400;

// A line that is not there yet: it takes its room and draws nothing.
const WAITING = { spark: "M0 0", warn_y: [], crit_y: [], far_above: "", far_below: "", far_level: 0 };

// What is held, brought up to date; null where only all tiles can help, because their places have changed.
export function applied(held, { seq, whole, removed, columns }) {
  const { title: names, about, group } = columns;
  const bases = basesOf(columns);
  if (whole) {
    const index = new Map(names.map((title, place) => [title, place]));
    return { ...held, seq, bases, rows: bases.map((base) => rowOf(base, waiting(base))), titles: about, groups: group, index, drawn: new Map() };
  }
  if (removed.length > 0 || names.some((title) => !held.index.has(title))) return null;
  if (names.length === 0) return { ...held, seq };
  const after = { ...held, seq, bases: held.bases.slice(), rows: held.rows.slice(), titles: held.titles.slice(), groups: held.groups.slice() };
  names.forEach((title, at) => {
    const place = held.index.get(title);
    after.bases[place] = bases[at];
    after.rows[place] = rowOf(bases[at], waiting(bases[at], drawingOf(held.rows[place])));
    after.titles[place] = about[at];
    after.groups[place] = group[at];
  });
  return after;
}

// The places in sight whose tiles have no line yet, have changed since it was drawn, or have an old one.
export function lacking({ bases, drawn }, sight, now) {
  return sight.filter((place) => {
    const base = bases[place];
    const last = base && drawn.get(base.title);
    return base && !(last && last.base === base && now - last.at < LINE_MS);
  }).slice(0, MOST_LINES);
}

// What is held, with what is drawn of some tiles.
export function withLines(held, { columns }, now) {
  const rows = held.rows.slice();
  const drawn = new Map(held.drawn);
  columns.title.forEach((title, at) => {
    const place = held.index.get(title);
    if (place === undefined) return;
    const base = held.bases[place];
    const { ts_ms: ms, value_full: full } = picked(columns, ["ts_ms", "value_full"], at);
    // The figure with all its digits is that of the value only where both are of the same sample.
    rows[place] = { ...rowOf(base, picked(columns, Object.keys(WAITING), at)), value_full: ms === base.ts_ms ? full : base.value_s };
    drawn.set(title, { base, at: now });
  });
  return { ...held, rows, drawn };
}

// Places as the server reads them: 0-59,130.
export function ranges(places) {
  const found = [];
  for (const place of [...new Set(places)].sort((one, other) => one - other)) {
    if (found.at(-1)?.[1] === place - 1) found.at(-1)[1] = place;
    else found.push([place, place]);
  }
  return found.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`)).join(",");
}

// Rows with the marks of the tags that this browser keeps in front; the others stay the objects that they are.
export function marked({ rows, index }, pins) {
  const places = pins.map((title) => index.get(title)).filter((place) => place !== undefined);
  if (places.length === 0) return rows;
  const made = rows.slice();
  for (const place of places) made[place] = { ...rows[place], pinned: true };
  return made;
}

function basesOf({ title, shown }) {
  const names = Object.keys(shown);
  return title.map((name, at) => ({ title: name, ...picked(shown, names, at) }));
}

function picked(columns, names, at) {
  const found = {};
  for (const name of names) found[name] = columns[name][at];
  return found;
}

const rowOf = (base, drawing) => ({ ...base, ...drawing, value_full: base.value_s, pinned: false });

// Without samples there is nothing to wait for.
const waiting = (base, drawing = WAITING) => ({ ...drawing, spark: base.count === "0" ? "" : drawing.spark || WAITING.spark });

/** @returns {any} */
const drawingOf = (row) => Object.fromEntries(Object.keys(WAITING).map((name) => [name, row[name]]));
