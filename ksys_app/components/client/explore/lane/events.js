// The events of the lane: turns the answer of /api/v1/events, and notes, into rows of marks.

export const KINDS = ["shift", "alarm", "outage", "anomaly", "change", "note"];
// A mark that is wider than this is long; a short mark has this width.
const SHORT_PX = 16;
const GAP_PX = 3;
const MAX_TRACKS = 3;
// The width of the count on a mark: its digits, and the padding on both sides.
const DIGIT_PX = 7;
const PADDING_PX = 6;
const LEAST_PRIORITY = 4;

// The events of an answer, with times in epoch ms. `to` is null if the event goes on, or if its end is not recorded. An event has the same `id` in each answer.
export function eventsOf(body) {
  const occurrences = new Map();
  return body.events.map(({ from, to, text: { key, values }, ...event }) => {
    const name = [event.kind, from, event.tag_name, key, values.condition, values.version].join(" ");
    occurrences.set(name, (occurrences.get(name) ?? 0) + 1);
    return { ...event, id: `${name} ${occurrences.get(name)}`, from: Date.parse(from), to: to === null ? null : Date.parse(to), key, values };
  });
}

export const shiftsOf = (body) =>
  (body.shifts ?? []).map(({ name, from, to, shaded }) => ({ name, from: Date.parse(from), to: Date.parse(to), shaded }));

// Notes as events.
export const notesOf = (notes) =>
  notes.map(({ id, from, to, tags, text, author }) => ({
    kind: "note", id: `note ${id}`, note: id, tag_name: tags.length === 1 ? tags[0] : null, tags, from, to: to ?? from, ongoing: false, clipped: false, level: "",
    priority: null, count: 1, values: { text, actor: author },
  }));

// The URL of the events of `tags`. `timeQuery` is the time query of the page; its bucket is dropped, because events have no buckets.
export function requestOf(tags, timeQuery) {
  const query = new URLSearchParams(timeQuery);
  query.delete("bucket");
  [...tags].sort().forEach((tag) => query.append("tag", tag));
  return `/api/v1/events?${query}`;
}

const STRIPE_PX = 16;
// The shifts inside a frame; null if they are so narrow that they would look like stripes.
export function visibleShifts(shifts, view) {
  const visible = shifts.filter(({ from, to }) => to > view.from && from < view.to);
  const px = (view.width * visible.reduce((sum, { from, to }) => sum + to - from, 0)) / Math.max(1, view.to - view.from);
  return visible.length > 1 && px / visible.length < STRIPE_PX ? null : visible;
}

// The number of events of each kind.
export function countsByKind(events) {
  const counts = {};
  for (const { kind, count } of events) counts[kind] = (counts[kind] ?? 0) + count;
  return counts;
}

// The position of a time in a frame, in px from the left.
export const pixel = (ms, { left, width, from, to }) => left + ((ms - from) / Math.max(1, to - from)) * width;

/**
 * The marks of one kind in a frame, from left to right. A mark is as wide as its event lasted. Short marks that would overlap are joined to one mark,
 * with all events in `events`. Long marks at the same time are placed below each other, in `track` 0 to 2. If all three tracks are occupied at the start
 * of a mark, this mark is joined with the mark that ends first.
 *
 * A long mark of several events has `pieces`, in px from its left: the times of its events. A piece is `merged` if the server has merged several events
 * there, so that their own times are not known. Any other mark has no pieces and is drawn as one box.
 */
export function marksOf(events, view) {
  const boxes = events.filter(({ from, to, ongoing }) => from <= view.to && (ongoing ? view.to : to ?? from) >= view.from)
    .map((event) => boxOf(event, view)).sort((a, b) => a.x - b.x || b.width - a.width);
  const marks = [];
  const short = [];
  for (const box of boxes) {
    const last = short.at(-1);
    if (box.long) marks.push(box);
    else if (last && box.x < last.x + minWidthOf(last) + GAP_PX) join(last, box);
    else {
      short.push(box);
      marks.push(box);
    }
  }
  short.forEach((mark) => widen(mark, view));
  return placeInTracks(marks.sort((a, b) => a.x - b.x)).map(summaryOf);
}

const countOf = ({ events }) => events.reduce((sum, { count }) => sum + count, 0);

// The minimum width of a short mark: the width of its symbol, or of its count.
function minWidthOf(mark) {
  const count = countOf(mark);
  return count > 1 ? Math.max(SHORT_PX, String(count).length * DIGIT_PX + PADDING_PX) : SHORT_PX;
}

function widen(mark, { left, width }) {
  mark.width = Math.max(mark.width, minWidthOf(mark));
  mark.x = Math.max(left, Math.min(mark.x, left + width - mark.width));
}

function boxOf(event, view) {
  const right = view.left + view.width;
  const [start, end] = [event.from, event.ongoing ? view.to : event.to ?? event.from].map((ms) => pixel(ms, view));
  const x = Math.max(view.left, Math.min(start, right - SHORT_PX));
  const width = Math.min(end, right) - x;
  const box = { x, width: Math.max(SHORT_PX, width), long: width > SHORT_PX };
  return { ...box, events: [event], boxes: [{ ...box, merged: event.count > 1 }] };
}

function join(mark, other) {
  mark.width = Math.max(mark.x + mark.width, other.x + other.width) - mark.x;
  mark.events.push(...other.events);
  mark.boxes.push(...other.boxes);
}

// Gives each mark its track, or joins it with another mark. `ends` and `last` have the end and the last mark of each track.
function placeInTracks(marks) {
  const ends = [];
  const last = [];
  const placed = [];
  for (const mark of marks) {
    let track = ends.findIndex((end) => end + GAP_PX <= mark.x);
    if (track < 0 && ends.length < MAX_TRACKS) track = ends.length;
    // A mark without a gap is better than a joined mark, which would cover a time in which nothing happened.
    if (track < 0) track = ends.findIndex((end) => end <= mark.x);
    if (track < 0) {
      // All tracks are occupied: join the mark that ends first.
      track = ends.indexOf(Math.min(...ends));
      join(last[track], mark);
    } else {
      placed.push(Object.assign(mark, { track }));
      last[track] = mark;
    }
    ends[track] = last[track].x + last[track].width;
  }
  return placed;
}

// The pieces of a mark: first the merged events, of which only the count is known, then the events with their own times, which are drawn on top.
function piecesOf({ x, boxes }) {
  const several = boxes.length > 1 || boxes[0].merged;
  if (!several || !boxes.some(({ long }) => long)) return [];
  const union = (merged) => {
    const pieces = [];
    for (const box of boxes.filter((box) => box.merged === merged).sort((a, b) => a.x - b.x)) {
      const last = pieces.at(-1);
      const [left, right] = [box.x - x, box.x + box.width - x];
      if (last && left <= last.left + last.width) last.width = Math.max(last.width, right - last.left);
      else pieces.push({ left, width: box.width, merged });
    }
    return pieces;
  };
  return [...union(true), ...union(false)];
}

// The mark as the lane draws it. Its priority is the most urgent one of its events.
function summaryOf(mark) {
  const { x, width, track, events } = mark;
  const urgent = events.reduce((best, event) => ((event.priority ?? LEAST_PRIORITY) < (best.priority ?? LEAST_PRIORITY) ? event : best), events[0]);
  return { x, width, track, events, pieces: piecesOf(mark), id: events[0].id, count: countOf(mark), priority: urgent.priority,
    ongoing: events.some(({ ongoing }) => ongoing), tags: [...new Set(events.flatMap(tagsOf))] };
}

export const tagsOf = ({ tag_name: tag, tags, values }) => (tag ? [tag] : tags ?? values.tags ?? []);

// The number of tracks of a row, at least 1.
export const trackCount = (marks) => marks.reduce((max, { track }) => Math.max(max, track + 1), 1);

// The mark to which a key moves from the mark `id`, in the order of time over all rows: the next, the previous, the first or the last one.
export function markAfterKey(marks, id, key) {
  const ordered = [...marks].sort((a, b) => a.x - b.x);
  const index = ordered.findIndex((mark) => mark.id === id);
  const next = { ArrowRight: index + 1, ArrowLeft: index - 1, Home: 0, End: ordered.length - 1 }[key];
  return ordered[Math.min(Math.max(next, 0), ordered.length - 1)] ?? null;
}

// The kinds of events that the user has hidden in this browser.
const STORAGE_KEY = "ksys.lane";
export function hiddenKinds() {
  try {
    const stored = JSON.parse(localStorage.getItem(STORAGE_KEY) ?? "[]");
    return KINDS.filter((kind) => Array.isArray(stored) && stored.includes(kind));
  } catch {
    return [];
  }
}

export function storeHiddenKinds(kinds) {
  try {
    localStorage.setItem(STORAGE_KEY, JSON.stringify(kinds));
  } catch {
    // A browser may forbid pages to store anything. Then the choice lasts as long as the page.
  }
}
