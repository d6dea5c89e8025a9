// The entries of the chart and of its legend, one for each tag, and the values of an entry at a time.
import { places } from "../../lib/figures.js";
import { differenceOf, lineOf, rowAt, rowsBetween } from "./merge.js";

// Lines by the column of their series, because chart and legend share them. A new answer has new columns.
const lines = new WeakMap();
// Lines of differences by the compared line.
const differenceLines = new WeakMap();

function cachedLine(series, bucketS) {
  const key = series.columns.avg ?? series.columns;
  if (!lines.has(key)) {
    const line = lineOf(series, bucketS);
    const figures = figuresOf({ ...line, meansOnly: false }, [-Infinity, Infinity]);
    lines.set(key, { ...line, decimals: places(figures?.min, figures?.max) });
  }
  return lines.get(key);
}

function cachedDifference(line, comparedLine) {
  if (!differenceLines.has(comparedLine)) differenceLines.set(comparedLine, differenceOf(line, comparedLine));
  return differenceLines.get(comparedLine);
}

/**
 * An entry for each tag, in the order of the tags. `colour` is the number of its colour; `repeated`: an earlier entry has the same
 * colour; `decimals`: as many as show a thousandth of the span of all its values.
 */
export function entriesOf({ data, hidden, colour }) {
  const usedColours = new Set();
  return data.series.map((series) => {
    const line = cachedLine(series, data.bucketS);
    const comparedLine = series.compare ? cachedLine(series.compare, data.bucketS) : null;
    const number = colour(series.tag);
    const repeated = usedColours.has(number);
    usedColours.add(number);
    return {
      tag: series.tag, title: series.title, unit: series.unit, range: series.range ?? null, truncated: series.truncated,
      line, comparedLine, differenceLine: comparedLine && cachedDifference(line, comparedLine), decimals: line.decimals,
      colour: number, repeated, hidden: hidden.includes(series.tag),
    };
  });
}

/** The index of the row whose value is valid at a time, -1 without one. A bucket is valid to its end, a sample until a gap. */
export function validRow({ at, gapMs }, ms, bucketS) {
  const next = rowAt(at, ms);
  if (at[next] === ms) return next;
  const longestMs = bucketS > 0 ? bucketS * 1000 : gapMs;
  return next > 0 && ms - at[next - 1] < longestMs ? next - 1 : -1;
}

/** The mean of a tag at a time, the mean of its compared time, and their difference; each null if it has no value. */
export function valuesAt({ line, comparedLine }, ms, bucketS) {
  const meanOf = (one) => {
    const row = one ? validRow(one, ms, bucketS) : -1;
    return row < 0 ? null : one.mean[row];
  };
  const [value, compared] = [meanOf(line), meanOf(comparedLine)];
  return { value, compared, difference: value === null || compared === null ? null : value - compared };
}

/**
 * The figures of a line between two times: `last` mean, smallest and largest value (`min`, `max`; null for a line of means only), the
 * `mean` of its means, and the number of `rows`. Null without a row.
 */
export function figuresOf(line, [from, to]) {
  const [first, last] = rowsBetween(line.at, from, to);
  if (first >= last) return null;
  let [low, high, sum] = [Infinity, -Infinity, 0];
  for (let i = first; i < last; i += 1) {
    low = Math.min(low, line.low[i]);
    high = Math.max(high, line.high[i]);
    sum += line.mean[i];
  }
  const [min, max] = line.meansOnly ? [null, null] : [low, high];
  return { last: line.mean[last - 1], min, max, mean: sum / (last - first), rows: last - first };
}

/** All times at which a shown line has a value, ascending. */
export function timesOf(entries) {
  const columns = entries.filter(({ hidden }) => !hidden).map(({ line }) => line.at);
  if (columns.length === 0) return new Float64Array(0);
  const times = new Set();
  columns.forEach((at) => at.forEach((ms) => times.add(ms)));
  return Float64Array.from(times).sort();
}

/** The tags with one of them moved to an index. */
export function moveTag(tags, tag, to) {
  const rest = tags.filter((name) => name !== tag);
  const index = Math.max(0, Math.min(rest.length, to));
  return [...rest.slice(0, index), tag, ...rest.slice(index)];
}

/** The hidden tags after a click on one of them. With `solo`, all other tags are hidden; none if the tag is already shown alone. */
export function hiddenAfter(tags, hidden, tag, solo) {
  if (!solo) return hidden.includes(tag) ? hidden.filter((name) => name !== tag) : [...hidden, tag];
  const others = tags.filter((name) => name !== tag);
  const alone = !hidden.includes(tag) && others.every((name) => hidden.includes(name));
  return alone ? [] : others;
}
