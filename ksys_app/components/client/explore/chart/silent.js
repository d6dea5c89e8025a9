// Tags without a value in the shown time: when their newest value came, and the range around it.
import { brief } from "../../lib/figures.js";
import { fill } from "../../lib/words.js";
import { rangeAround, zonedText } from "../notes/notes.js";

// A range of 15 min on both sides has buckets of a minute, so that the bucket of the value begins in it.
const MIN_MARGIN_MS = 15 * 60_000;

/** The names of the tags of an answer that have no value in the whole time, in its order. */
export const silentTags = (data) => data.series.filter(({ columns }) => !columns.avg.some((mean) => mean !== null)).map(({ tag }) => tag);

export const newestUrl = (tag) => `/api/v1/latest?${new URLSearchParams({ tag })}`;

/** The newest value of a tag and its time in epoch ms, from the rows of `newestUrl`; null if the tag has none. */
export const newestOf = ([row]) => (row ? { value: row.value, ms: Date.parse(row.ts) } : null);

/**
 * What is known of a silent tag, as a sentence; empty if nothing is. `newest` is undefined until it is known. A calculated tag (`calculated`)
 * sends nothing, so it says nothing about the time before the last hour.
 */
export function silentText({ newest, unit, calculated }, x, zone) {
  if (newest === undefined) return "";
  if (newest === null) return calculated ? "" : x.plot_never;
  return fill(x.plot_silent, { value: [brief(newest.value), unit].filter(Boolean).join(" "), time: zonedText(newest.ms, zone) });
}

/** The range of the length of the shown time (`from`, `to`), at least half an hour, with a moment in its middle: two texts in the display zone. */
export const rangeAt = (ms, { from, to }, zone) => rangeAround({ from: ms, to: null }, zone, Math.max(MIN_MARGIN_MS, (to - from) / 2));
