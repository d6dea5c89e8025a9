// Merges the buckets of a line that share a pixel of the chart into one point. The point has the smallest and the largest value.

// Two buckets have a gap between them if their distance is more than this factor of a bucket: one missing bucket is a gap, a
// day of 25 hours is none.
const BUCKET_GAP_FACTOR = 1.5;
// Two samples have a gap between them if their distance is more than this factor of the usual distance, and more than a minute:
// as late as Comm allows for a tag without a rule.
const SAMPLE_GAP_FACTOR = 2;
const MIN_SAMPLE_GAP_MS = 60_000;

/**
 * The columns of a series without the rows that have no value. Two times that are more than `gapMs` apart have a gap between them.
 * `meansOnly`: the series has no smallest and largest values, as that of a calculated tag, so the line has no band.
 * @typedef {{ at: Float64Array, mean: Float64Array, low: Float64Array, high: Float64Array, gapMs: number, meansOnly: boolean }} Line
 */

/** @returns {Line} of a series; `bucketS` is 0 for samples. */
export function lineOf({ at, columns }, bucketS) {
  const { avg, min = avg, max = avg } = columns;
  const [times, mean, low, high] = [at, avg, min, max].map(() => new Float64Array(at.length));
  let count = 0, meansOnly = false;
  for (let i = 0; i < at.length; i += 1) {
    if (avg[i] === null || avg[i] === undefined) continue;
    times[count] = at[i];
    mean[count] = avg[i];
    low[count] = min[i] ?? avg[i];
    high[count] = max[i] ?? avg[i];
    meansOnly ||= min[i] === null;
    count += 1;
  }
  const rows = { at: times.subarray(0, count), mean: mean.subarray(0, count), low: low.subarray(0, count), high: high.subarray(0, count) };
  return { ...rows, meansOnly, gapMs: bucketS > 0 ? BUCKET_GAP_FACTOR * bucketS * 1000 : sampleGapMs(rows.at) };
}

// The longest distance of two samples that is not a gap, ms. The median distance is the usual one.
function sampleGapMs(at) {
  const distances = Array.from(at.subarray(1), (ms, i) => ms - at[i]).sort((a, b) => a - b);
  return Math.max(MIN_SAMPLE_GAP_MS, SAMPLE_GAP_FACTOR * (distances[(distances.length - 1) >> 1] ?? 0));
}

/**
 * The line of the differences of two lines, at the times at which both have a value.
 * @param {Line} line
 * @param {Line} compared
 * @returns {Line}
 */
export function differenceOf(line, compared) {
  const [at, mean] = [[], []];
  for (let i = 0, k = 0; i < line.at.length; i += 1) {
    while (k < compared.at.length && compared.at[k] < line.at[i]) k += 1;
    if (compared.at[k] !== line.at[i]) continue;
    at.push(line.at[i]);
    mean.push(line.mean[i] - compared.mean[k]);
  }
  const values = Float64Array.from(mean);
  return { at: Float64Array.from(at), mean: values, low: values, high: values, gapMs: line.gapMs, meansOnly: line.meansOnly || compared.meansOnly };
}

/** The index of the first row at a time or after it. */
export function rowAt(at, ms) {
  let [low, high] = [0, at.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (at[middle] < ms) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The rows from one time to another, both included: the index of the first one, and the index after the last one. */
export const rowsBetween = (at, from, to) => {
  const first = rowAt(at, from);
  let last = rowAt(at, to);
  while (last < at.length && at[last] <= to) last += 1;
  return [first, Math.max(first, last)];
};

/**
 * The points of a line between two times on a number of pixels, and one more row at each end, so that the line reaches the edges.
 * `afterGap` is 1 at a point that has a gap before it; `visible` are the index of the first point with a row between the two times,
 * and the index after the last such point; `dense`: some points have several rows.
 * @param {Line} line
 */
export function mergeLine(line, from, to, pixels) {
  const { at, gapMs } = line;
  const [start, end] = rowsBetween(at, from, to);
  const [first, last] = [Math.max(0, start - 1), Math.min(at.length, end + 1)];
  const size = last - first;
  const points = {
    at: new Float64Array(size), mean: new Float64Array(size), low: new Float64Array(size), high: new Float64Array(size),
    afterGap: new Uint8Array(size), count: 0, visible: [0, 0], dense: false,
  };
  // Pixels are counted from the epoch and not from `from`. So a chart that moves has its points at the same times in each frame.
  const pixelMs = (to - from) / Math.max(1, pixels);
  for (let i = first; i < last;) {
    const slot = Math.floor(at[i] / pixelMs);
    let k = i + 1;
    while (k < last && Math.floor(at[k] / pixelMs) === slot) k += 1;
    if (i <= start) points.visible[0] = points.count;
    writePoint(points, line, i, k);
    points.afterGap[points.count] = i === 0 || i === first || at[i] - at[i - 1] > gapMs ? 1 : 0;
    points.count += 1;
    if (i < end) points.visible[1] = points.count;
    i = k;
  }
  if (start >= end) points.visible = [0, 0];
  return points;
}

// Writes the rows from `i` to before `k` as the next point.
function writePoint(points, { at, mean, low, high }, i, k) {
  let [sum, smallest, largest] = [0, low[i], high[i]];
  for (let row = i; row < k; row += 1) {
    sum += mean[row];
    if (low[row] < smallest) smallest = low[row];
    if (high[row] > largest) largest = high[row];
  }
  if (k > i + 1) points.dense = true;
  points.at[points.count] = k > i + 1 ? (at[i] + at[k - 1]) / 2 : at[i];
  points.mean[points.count] = k > i + 1 ? sum / (k - i) : mean[i];
  points.low[points.count] = smallest;
  points.high[points.count] = largest;
}

/** The smallest and the largest value of the visible points; null without a visible point. */
export function extremes({ low, high, visible }) {
  const [first, last] = visible;
  let [smallest, largest] = [Infinity, -Infinity];
  for (let i = first; i < last; i += 1) {
    if (low[i] < smallest) smallest = low[i];
    if (high[i] > largest) largest = high[i];
  }
  return smallest > largest ? null : [smallest, largest];
}
