// A range of two texts, as a label and as days.
import { DAY, shifted } from "./days.js";
import { fill } from "../lib/words.js";

// The label of a range: `Yesterday`, or `2026-11-03 22:00 – 2026-11-04 06:00`. `quick`: the ranges that have names.
export function rangeText([start, end], quick, rg) {
  const quickRange = quick.find(([, from, to]) => from === start && to === end);
  if (quickRange) return rg[`quick_${quickRange[0]}`];
  return fill(rg.from_to, { from: start.replace("T", " "), to: end.replace("T", " ") });
}

// The first and the last day of a range; null for an end relative to now.
export function spanOfDays(start, end) {
  const [first, last] = [start, end].map((text) => (DAY.test(text) && !Number.isNaN(Date.parse(text.slice(0, 10))) ? text.slice(0, 10) : null));
  // A range that ends at midnight does not contain the day that begins then.
  const endsAtMidnight = last !== null && /^.{10}(T00:00(:00)?)?$/.test(end);
  return [first, endsAtMidnight ? shifted(last, -1) : last];
}
