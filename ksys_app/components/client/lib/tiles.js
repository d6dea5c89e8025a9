// The tiles that a page fetches. A tick brings only changed tiles; the others stay the same objects, so that React does not
// render them again. The drawing of a tile, mostly its line, is fetched only while the tile is visible.

// `bases`: the tiles without their drawings, in the order of the server, which `index` gives by tag; `rows`: the same with
// drawings; `drawn`: by tag, from which tile and when its drawing was made; `fetchedSeq`: the tick of the last fetch.
export const NO_TILES = { url: "", fetchedSeq: 0, seq: 0, bases: [], rows: [], titles: [], groups: [], index: new Map(), drawn: new Map() };

// A line moves with the clock even without new samples, so it is fetched again at this age.
export const LINE_MS = 30_000;
// The most lines in one request; a printed page would request all.
const MAX_LINES = 400;

// The drawing of a tile whose line is not fetched yet: an empty path.
const NO_LINE = { spark: "M0 0", warn_y: [], crit_y: [], far_above: "", far_below: "", far_level: 0 };

// The tiles after an answer, which has all tiles (`whole`) or the changed ones; null if tags were added or removed, so that
// all tiles must be fetched again.
export function applyAnswer(tiles, { seq, whole: complete, removed, columns }) {
  const { title: changed, about: changedTitles, group: changedGroups } = columns;
  const bases = basesOf(columns);
  if (complete) {
    const index = new Map(changed.map((title, place) => [title, place]));
    return { ...tiles, seq, bases, rows: bases.map((base) => rowOf(base, lineOf(base))), titles: changedTitles, groups: changedGroups, index, drawn: new Map() };
  }
  if (removed.length > 0 || changed.some((title) => !tiles.index.has(title))) return null;
  if (changed.length === 0) return { ...tiles, seq };
  const after = { ...tiles, seq, bases: tiles.bases.slice(), rows: tiles.rows.slice(), titles: tiles.titles.slice(), groups: tiles.groups.slice() };
  changed.forEach((title, index) => {
    const place = tiles.index.get(title);
    after.bases[place] = bases[index];
    after.rows[place] = rowOf(bases[index], lineOf(bases[index], drawingOf(tiles.rows[place])));
    after.titles[place] = changedTitles[index];
    after.groups[place] = changedGroups[index];
  });
  return after;
}

// The places in `visible` whose tile has no line, has changed since its line was fetched, or has a line older than LINE_MS.
export function placesWithoutLine({ bases, drawn }, visible, now) {
  return visible.filter((place) => {
    const base = bases[place];
    const line = base && drawn.get(base.title);
    return base && !(line && line.base === base && now - line.at < LINE_MS);
  }).slice(0, MAX_LINES);
}

// The tiles with the drawings of an answer of /api/v1/sparklines.
export function withLines(tiles, { columns }, now) {
  const rows = tiles.rows.slice();
  const drawn = new Map(tiles.drawn);
  columns.title.forEach((title, index) => {
    const place = tiles.index.get(title);
    if (place === undefined) return;
    const base = tiles.bases[place];
    const { ts_ms: ms, value_full: full } = picked(columns, ["ts_ms", "value_full"], index);
    // The full digits of the value are valid only if both answers have the same sample.
    rows[place] = { ...rowOf(base, picked(columns, Object.keys(NO_LINE), index)), value_full: ms === base.ts_ms ? full : base.value_s };
    drawn.set(title, { base, at: now });
  });
  return { ...tiles, rows, drawn };
}

// Places as the parameter of a request: `0-59,130`.
export function formatPlaces(places) {
  const spans = [];
  for (const place of [...new Set(places)].sort((a, b) => a - b)) {
    if (spans.at(-1)?.[1] === place - 1) spans.at(-1)[1] = place;
    else spans.push([place, place]);
  }
  return spans.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`)).join(",");
}

// The rows with `pinned` set for the tags that this browser has pinned; the other rows stay the same objects.
export function withPins({ rows, index }, pins) {
  const places = pins.map((title) => index.get(title)).filter((place) => place !== undefined);
  if (places.length === 0) return rows;
  const pinnedRows = rows.slice();
  for (const place of places) pinnedRows[place] = { ...rows[place], pinned: true };
  return pinnedRows;
}

function basesOf({ title, shown }) {
  const fields = Object.keys(shown);
  return title.map((tag, index) => ({ title: tag, ...picked(shown, fields, index) }));
}

function picked(columns, fields, index) {
  const row = {};
  for (const field of fields) row[field] = columns[field][index];
  return row;
}

const rowOf = (base, drawing) => ({ ...base, ...drawing, value_full: base.value_s, pinned: false });

// The drawing that a tile has until its line is fetched. A tag without samples has no line.
const lineOf = (base, drawing = NO_LINE) => ({ ...drawing, spark: base.count === "0" ? "" : drawing.spark || NO_LINE.spark });

/** @returns {any} */
const drawingOf = (row) => Object.fromEntries(Object.keys(NO_LINE).map((name) => [name, row[name]]));
