// Pure functions of annotations and of their drafts.
import { parse, stamp } from "../../lib/zone.js";

export const CATEGORIES = ["note", "maintenance", "calibration", "fault", "trial"];
const MAX_ROWS = 1000;
export const MAX_TEXT = 2000;
const MAX_MS = 366 * 86_400_000;
// The first and the last year that the time of a note may have, in its own offset.
const YEARS = [2000, 2099];
export const SYMBOLS = { note: "✎", maintenance: "⚙", calibration: "⊕", fault: "⚠", trial: "▷" };

// The URL of the annotations of `tags` and of all tags. `timeQuery` is the time query of the page; its bucket is dropped, because only series have buckets.
export function requestOf(timeQuery, tags) {
  const query = new URLSearchParams(timeQuery);
  query.delete("bucket");
  [...tags].sort().forEach((tag) => query.append("tag", tag));
  query.set("limit", String(MAX_ROWS));
  return `/api/v1/annotations?${query}`;
}

// The URL of the annotations that contain every word of a search, of any time and tag.
export const searchUrl = (words, limit) => `/api/v1/annotations?${new URLSearchParams({ q: words, limit: String(limit) })}`;

// An annotation of an answer, with its times in epoch ms.
export const noteOfRow = (row) => ({
  ...row, from: Date.parse(row.from), to: row.to === null ? null : Date.parse(row.to),
  created: Date.parse(row.created_at), edited: row.edited_at === null ? null : Date.parse(row.edited_at),
});

// `2026-11-28 14:05:00`, in the display zone; empty for null.
export const zonedText = (ms, zone) => (ms === null ? "" : stamp(ms, zone).slice(0, 19));

// The draft of a new annotation. Its time is the selected part, or else the time at the cursor, or else the end of the visible range. That end is
// at most now, because the last bucket may end in the future.
export function newDraft({ part, cursor, range, tags, zone }) {
  const now = Date.now();
  const ends = part?.length === 2 && part[1] > part[0] ? part : [cursor?.ms || Math.min(range?.[1] ?? now, now), null];
  const [from, to] = ends.map((ms) => (ms === null ? null : Math.round(ms / 1000) * 1000));
  return { id: 0, version: 0, category: "note", text: "", before: "", tags, all: tags.length === 0, ...timeFields(from, to, zone) };
}

// The time fields of a draft. `known` maps the text of each field to its exact time in epoch ms, which applies until the user changes the text.
export const timeFields = (from, to, zone) => ({
  fromText: zonedText(from, zone), toText: zonedText(to, zone), known: { [zonedText(from, zone)]: from, ...(to === null ? {} : { [zonedText(to, zone)]: to }) },
});

// The draft that changes a saved note. `before` is its saved text, `saved` has its other saved fields.
export const draftOf = (note, zone) => {
  const time = timeFields(note.from, note.to, zone);
  const all = note.tags.length === 0;
  const saved = [note.category, note.tags, all, time.fromText, time.toText];
  return { id: note.id, version: note.version, category: note.category, text: note.text, before: note.text, tags: note.tags, all, saved, ...time };
};

// Whether a draft has unsaved changes.
export const isDirty = (draft) => Boolean(draft) && (draft.text.trim() !== draft.before.trim() || (draft.saved !== undefined && hasChangedFields(draft)));

// Whether a field other than the text differs from the saved note.
const hasChangedFields = ({ category, tags, all, fromText, toText, saved }) =>
  JSON.stringify([category, tags, all, fromText, toText]) !== JSON.stringify(saved);

// The time of a field in epoch ms; null if the text is not a time. An unchanged text keeps its fraction of a second, and its offset in the hour that
// the clock repeats.
const msOfField = (draft, text, zone) => draft.known[text] ?? parse(text, zone);

// A time as the server gets it: local time with its offset, because the server checks the year in that offset.
function isoText(ms, zone) {
  const text = stamp(ms, zone);
  return `${text.slice(0, 19).replace(" ", "T")}.${String(((ms % 1000) + 1000) % 1000).padStart(3, "0")}${text.slice(19)}`;
}

function isAllowedYear(ms, zone) {
  const year = Number(zonedText(ms, zone).slice(0, 4));
  return year >= YEARS[0] && year <= YEARS[1];
}

// `{ body }`, the body of the request that saves the draft, or `{ wrong }`, the name of the text that says what is wrong with it.
export function bodyOf(draft, zone) {
  const text = draft.text.trim();
  const from = msOfField(draft, draft.fromText, zone);
  const to = draft.toText.trim() === "" ? null : msOfField(draft, draft.toText, zone);
  if (from === null || (to === null && draft.toText.trim() !== "")) return { wrong: "time" };
  if (!isAllowedYear(from, zone) || (to !== null && !isAllowedYear(to, zone))) return { wrong: "year" };
  if (to !== null && to <= from) return { wrong: "order" };
  if (to - from > MAX_MS) return { wrong: "span" };
  if (text === "") return { wrong: "empty" };
  if ([...text].length > MAX_TEXT) return { wrong: "long" };
  if (!draft.all && draft.tags.length === 0) return { wrong: "tags" };
  return {
    body: {
      from: isoText(from, zone), to: to === null ? null : isoText(to, zone),
      tags: draft.all ? [] : draft.tags, category: draft.category, text, ...(draft.id ? { version: draft.version } : {}),
    },
  };
}

// Why the user may not write annotations: the name of a text, or empty if the user may.
export function writeProblem(who, writable) {
  if (writable === false) return "no_write";
  if (!who || writable === null) return "no_me";
  return who.role === "viewer" ? "no_role" : "";
}

// The range that shows a note with a margin on both sides, a third of its length or at least 15 min: two texts in the display zone. It ends now
// at the latest.
export function rangeAround(note, zone, margin = Math.max(15 * 60_000, ((note.to ?? note.from) - note.from) / 3)) {
  const now = Date.now();
  const to = (note.to ?? note.from) + margin;
  return [note.from - margin, to > now && note.from < now ? now : to].map((ms) => zonedText(ms, zone).replace(" ", "T"));
}

// `2026-11-28 14:05`, or `2026-11-28 14:05 – 15:30`; with seconds if they are not zero.
export function spanText(note, zone) {
  const short = (ms) => zonedText(ms, zone).replace(/:00$/, "");
  const from = short(note.from);
  if (note.to === null) return from;
  const to = short(note.to);
  return `${from} – ${to.slice(0, 10) === from.slice(0, 10) ? to.slice(11) : to}`;
}
