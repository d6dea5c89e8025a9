// Finds the bucket that a person points at, if the buckets are closer than a pointer can distinguish.
import { nearest } from "./gaps.js";

// The distance from the pointer in which a peak is searched, and the least prominence of a peak, px.
const REACH_PX = 4;
const OUT_PX = 8;

// The index of the most prominent peak or dip near a time; without one, the nearest bucket; -1 without buckets. `scales`: the
// shown columns, each with `worth`, the value of a pixel on its axis; `pixel`: milliseconds per pixel.
export function pointedBucket({ at, columns }, ms, pixel, scales) {
  const here = nearest({ at }, ms);
  const reach = REACH_PX * pixel;
  if (here < 0 || Math.abs(at[here] - ms) > reach) return here;
  let [first, last] = [here, here];
  while (first > 0 && ms - at[first - 1] <= reach) first -= 1;
  while (last < at.length - 1 && at[last + 1] - ms <= reach) last += 1;
  // The prominence is measured against the buckets on both sides of the searched range.
  const [left, right] = [Math.max(first - 1, 0), Math.min(last + 1, at.length - 1)];
  let [best, largest] = [here, OUT_PX];
  for (const { key, worth: valuePerPixel } of scales) {
    const values = columns[key];
    for (let i = first; i <= last; i += 1) {
      const height = prominence(values[left], values[i], values[right]) / valuePerPixel;
      if (height > largest) [best, largest] = [i, height];
    }
  }
  return best;
}

// How far a value is above both neighbours or below both; 0 if it is between them, or if one is missing.
function prominence(left, value, right) {
  if (left === null || value === null || right === null) return 0;
  return Math.max(value - Math.max(left, right), Math.min(left, right) - value, 0);
}
