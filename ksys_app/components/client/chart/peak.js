// Which bucket a pointer means, where buckets stand closer than a hand can point.
import { nearest } from "./gaps.js";

// How far from the pointer a peak is looked for, and how far it must stand out of the series, px.
const REACH_PX = 4;
const OUT_PX = 8;

// The bucket with the peak or dip beside a time that stands out most, else the nearest bucket; -1 where there is none.
// `scales`: the columns that are drawn, each with what a pixel of its panel is worth; `pixel`: milliseconds a pixel.
export function meant({ at, columns }, ms, pixel, scales) {
  const here = nearest({ at }, ms);
  const reach = REACH_PX * pixel;
  if (here < 0 || Math.abs(at[here] - ms) > reach) return here;
  let [first, last] = [here, here];
  while (first > 0 && ms - at[first - 1] <= reach) first -= 1;
  while (last < at.length - 1 && at[last + 1] - ms <= reach) last += 1;
  // A peak stands out of the buckets on both sides of where it is looked for.
  const [left, right] = [Math.max(first - 1, 0), Math.min(last + 1, at.length - 1)];
  let [found, most] = [here, OUT_PX];
  for (const { key, worth } of scales) {
    const values = columns[key];
    for (let i = first; i <= last; i += 1) {
      const out = outstanding(values[left], values[i], values[right]) / worth;
      if (out > most) [found, most] = [i, out];
    }
  }
  return found;
}

// How far a value is above both of two others, or below both; 0 between them, or where one is missing.
function outstanding(left, value, right) {
  if (left === null || value === null || right === null) return 0;
  return Math.max(value - Math.max(left, right), Math.min(left, right) - value, 0);
}
