// Columns as a chart needs them: lines that break at holes, runs, ranges, the bucket nearest to a time.

// One missing bucket is a hole; a day of 25 hours is none.
const HOLE = 1.5;

// The columns, and where their holes are.
export function prepared(body) {
  const { bucket } = body.columns;
  const width = body.bucket_s * 1000;
  const joined = (i) => i > 0 && bucket[i] - bucket[i - 1] <= HOLE * width;
  return { ...body, width, at: bucket, joined };
}

// Pairs of time and value for a line, with a pair of nothing in each hole.
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

// Runs of buckets in which both columns have a value, as index from and to.
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

// The index of the bucket nearest to a time, -1 where there is none.
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

// Smallest and largest value of some columns between two times, with a tenth of room; null without any.
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
  // What 15 digits cannot tell apart is a flat line.
  const room = high - low > scale * 1e-14 ? (high - low) * 0.1 : scale * 0.1 || 1e-6;
  return [low - room, high + room];
}
