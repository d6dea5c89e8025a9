// The columns of a series for a chart: lines that break at gaps, runs of values, value ranges, the bucket nearest to a time.

// Two buckets have a gap between them if their distance is more than this factor of a bucket: one missing bucket is a gap, a
// day of 25 hours is none.
const GAP_FACTOR = 1.5;

// An answer with columns, plus: `width` of a bucket, ms; `at`, the times of the buckets; `joined(i)`, whether bucket `i` has no
// gap before it.
export function prepared(body) {
  const { bucket } = body.columns;
  const width = body.bucket_s * 1000;
  const joined = (i) => i > 0 && bucket[i] - bucket[i - 1] <= GAP_FACTOR * width;
  return { ...body, width, at: bucket, joined };
}

// The `points` of a line, [time, value], with a [time, null] in each gap; `places[i]` is the index of bucket `i` in them.
export function line({ at, width, joined, columns }, key) {
  const points = [];
  const places = [];
  at.forEach((ms, i) => {
    if (i > 0 && !joined(i)) points.push([at[i - 1] + width, null]);
    places.push(points.length);
    points.push([ms, columns[key][i]]);
  });
  return { points, places };
}

// The runs of joined buckets in which both columns have a value, as [first index, last index].
export function runs({ at, joined, columns }, low, high) {
  const found = [];
  at.forEach((_, i) => {
    if (columns[low][i] === null || columns[high][i] === null) return;
    const last = found.at(-1);
    if (last && last[1] === i - 1 && joined(i)) last[1] = i;
    else found.push([i, i]);
  });
  return found;
}

// The index of the bucket nearest to a time, -1 without buckets.
export function nearest({ at }, ms) {
  if (at.length === 0) return -1;
  let low = 0;
  let high = at.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (at[middle] < ms) low = middle + 1;
    else high = middle;
  }
  return low > 0 && ms - at[low - 1] < at[low] - ms ? low - 1 : low;
}

// The range of the values of some columns between two times, widened by a tenth at both ends; null without a value.
export function extent({ at, columns }, keys, from, to) {
  let low = Infinity;
  let high = -Infinity;
  for (const key of keys) {
    columns[key].forEach((value, i) => {
      if (value === null || at[i] < from || at[i] > to) return;
      if (value < low) low = value;
      if (value > high) high = value;
    });
  }
  if (low > high) return null;
  const scale = Math.max(Math.abs(low), Math.abs(high));
  // Values that are equal in 15 digits are a flat line.
  const room = high - low > scale * 1e-14 ? (high - low) * 0.1 : scale * 0.1 || 1e-6;
  return [low - room, high + room];
}
