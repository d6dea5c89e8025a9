// The requests of relations, and their results in words.
import { brief } from "../../lib/figures.js";
import { ageText, lengthText } from "../../lib/age.js";
import { fill } from "../../lib/words.js";

export const RELATIONS = ["xy", "histogram", "heatmap", "matrix"];
const MAX_LAG = 200;
// The server computes the hours of the week from at most 10,000 hours.
export const MAX_DAYS = 416;
const DAY_MS = 86_400_000;

// The relation to show: the one of the page, with the first tags in place of tags that are not chosen or do not exist.
export function chosen({ rel, x, y, lag }, tags) {
  const first = tags.includes(x) ? x : tags.find((tag) => tag !== y) ?? tags[0] ?? "";
  const second = tags.includes(y) ? y : tags.find((tag) => tag !== first) ?? "";
  return {
    rel: RELATIONS.includes(rel) ? rel : "xy",
    x: first,
    y: second,
    lag: Math.max(-MAX_LAG, Math.min(MAX_LAG, Number(lag) || 0)),
  };
}

// The time query of a relation: the selected part, or else the zoom, or else all the time of the page.
export function timeOf({ timeQuery, part, zoom }) {
  const query = new URLSearchParams(timeQuery);
  const [from, to] = part?.length === 2 ? part : zoom?.length === 2 ? zoom : [];
  if (to > from) {
    query.delete("window");
    query.set("from", new Date(from).toISOString());
    query.set("to", new Date(to).toISOString());
  }
  return query;
}

// The URL of a relation; null if too few tags are chosen for it.
export function requestOf({ rel, x, y, lag }, tags, time) {
  const query = new URLSearchParams(time);
  if (rel === "xy") {
    if (!x || !y || x === y) return null;
    query.append("x", x);
    query.append("y", y);
    if (lag) query.append("lag", String(lag));
  } else if (rel === "matrix") {
    if (tags.length < 2) return null;
    tags.forEach((tag) => query.append("tag", tag));
  } else {
    if (!x) return null;
    query.append("tag", x);
    if (rel === "heatmap" && query.get("bucket") === "1d") query.delete("bucket");
  }
  return `/api/v1/relations/${rel}?${query}`;
}

export const isTooLong = ({ from, to }) => to - from > MAX_DAYS * DAY_MS;

// The strength of a correlation: the end of a text key, such as `strong_up`.
export function strength(r) {
  const size = Math.abs(r);
  if (size < 0.3) return "weak";
  return `${size < 0.7 ? "some" : "strong"}_${r < 0 ? "down" : "up"}`;
}

// The names of those of the two tags that have the same value in all pairs.
export function constantTags({ points, cells, x, y }) {
  const [xValues, yValues] = points ? [points.x, points.y] : [cells.column, cells.row];
  const isConstant = (values) => values.every((value) => value === values[0]);
  return [[x, xValues], [y, yValues]].filter(([, values]) => isConstant(values)).map(([tag]) => tag.tag_name);
}

// A correlation as text: `+0.87`, `-0.05`, `0.00`.
export function signed(r) {
  const text = Math.abs(r).toFixed(2);
  if (text === "0.00") return text;
  return `${r < 0 ? "-" : "+"}${text}`;
}

// How much earlier or later the y tag is read, in words.
export function lagText(lag, bucketS, tag, x, t) {
  if (lag === 0) return x.rel_lag_same;
  const seconds = Math.abs(lag) * (bucketS || 1);
  const time = seconds < 120 ? ageText(seconds, t) : lengthText(Math.floor(seconds / 60), t);
  return fill(lag > 0 ? x.rel_lag_later : x.rel_lag_earlier, { tag, time });
}

// The regression line as text: `D200 = 0.32 × D100 + 4.1`.
export function formula({ x, y, slope, intercept }) {
  const rest = intercept < 0 ? `- ${brief(-intercept, 4)}` : `+ ${brief(intercept, 4)}`;
  return `${y.tag_name} = ${brief(slope, 4)} × ${x.tag_name} ${rest}`;
}

// A part of a total in percent.
export const share = (part, total) => (total > 0 ? (part / total) * 100 : 0);

// A percentage as text: `12.3`, or `< 0.1` for less than that.
export function percent(value) {
  if (value > 0 && value < 0.1) return "< 0.1";
  return value.toFixed(value >= 99.95 || value === 0 ? 0 : 1);
}
