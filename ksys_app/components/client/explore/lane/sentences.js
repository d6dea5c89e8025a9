// Describes an event in words: what happened, of which tag, when, how long, by whom. `context` has the texts (`x`, `t`, `words`), the units of the tags,
// the time `now`, and `time(ms, day)`, which writes a time and omits its date if it is on the same day as `day`.
import { figuresOf } from "../../alarms/figures.js";
import { ageText, lengthText } from "../../lib/age.js";
import { brief } from "../../lib/figures.js";
import { counted, fill, say } from "../../lib/words.js";
import { tagsOf } from "./events.js";

const MAX_TAGS = 3;
const MAX_CELLS = 4;

// The description of an event as lines; the first line says what happened.
export function linesOf(event, context) {
  return [titleOf(event, context), tagsText(event, context.x), timesOf(event, context), ...detailsOf(event, context)].filter(Boolean);
}

// The description of a mark as one sentence. For several events it has their count, their tags and their period.
export function sentenceOf(mark, context) {
  const [first] = mark.events;
  if (mark.events.length === 1) return linesOf(first, context).join(", ");
  return [countText(mark, context.x), tagsText({ ...first, tag_name: null, tags: mark.tags }, context.x), ...periodLinesOf(mark, context)].filter(Boolean).join(", ");
}

// The period of the events of a mark, and why they are one mark.
export function periodLinesOf({ events, pieces, ongoing }, context) {
  const from = Math.min(...events.map((event) => event.from));
  const to = ongoing ? null : Math.max(...events.map((event) => event.to ?? event.from));
  return [periodText({ from, to }, context), pieces.length > 0 ? context.x.lane_joined : ""].filter(Boolean);
}

function periodText({ from, to }, { x, time, now }) {
  const start = time(from, now);
  if (to === null) return fill(x.lane_since, { time: start });
  return to === from ? start : fill(x.lane_between, { from: start, to: time(to, from) });
}

// `4 alarms`.
export const countText = ({ events: [{ kind }], count }, x) => counted(x[`lane_n_${kind}`], count);

function titleOf(event, { x, words, t, units }) {
  const { kind, count, key, values } = event;
  if (count > 1) return counted(x[`lane_n_${kind}`], count);
  if (kind === "note") return values.text;
  const title = say(words, { key, values: {} });
  if (kind !== "alarm") return kind === "anomaly" && event.level ? `${title} (${event.level})` : title;
  return [title, figuresOf({ ...values, level: event.level, unit: units[event.tag_name] ?? "" }, t)].filter(Boolean).join(" ");
}

function tagsText(event, x) {
  const tags = tagsOf(event);
  const rest = tags.length - MAX_TAGS;
  const text = tags.slice(0, MAX_TAGS).join(", ");
  if (event.kind === "note" && tags.length === 0) return x.lane_all;
  return rest > 0 ? `${text}, ${fill(x.lane_more, { n: rest })}` : text;
}

function timesOf(event, context) {
  const { from, to, ongoing, clipped, count } = event;
  const { x, t, time, now } = context;
  // The durations of merged events are not known, only their period.
  if (count > 1) return periodText({ from, to: ongoing ? null : to ?? from }, context);
  const fromText = time(from, now);
  if (to === from) return fromText;
  const start = clipped ? fill(x.lane_before, { time: fromText }) : fromText;
  if (to === null && !ongoing) return fill(x.lane_open_end, { time: start });
  const seconds = ((to ?? now) - from) / 1000;
  const length = seconds < 3600 ? ageText(seconds, t) : lengthText(Math.round(seconds / 60), t);
  if (ongoing) return fill(x.lane_going, { time: start, length });
  return fill(x.lane_from_to, { from: start, to: time(to, from), length });
}

function detailsOf({ kind, count, values }, { x, words }) {
  if (kind === "anomaly" && values.score !== null && values.score !== undefined) return [fill(x.lane_score, { score: brief(values.score) })];
  if (kind === "note") return [values.actor];
  if (count > 1) return [x.lane_merged];
  if (kind !== "change" || count > 1) return [];
  const cells = values.cells.slice(0, MAX_CELLS).map(({ column, old: before, new: after }) =>
    `${columnName(column, words)}: ${before ?? x.lane_nothing} → ${after ?? x.lane_nothing}`);
  const rest = values.cells.length - cells.length + values.more;
  return [...cells, rest > 0 ? fill(x.lane_more, { n: rest }) : "", [values.actor, values.reason].filter(Boolean).join(": ")];
}

// The name of a changed column: `crit_max`, or `HIGH.on_delay_s` for a setting of a condition.
function columnName(column, { limits, edit }) {
  const [name, setting] = column.split(".");
  if (setting) return `${edit[`cond_${name}`] ?? name}, ${edit[`field_${setting}`] ?? setting}`;
  return limits[name] ?? edit[`field_${name}`] ?? name;
}
