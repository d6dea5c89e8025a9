// A range as two texts, in words and as days.
import { DAY, shifted } from "./days.js";
import { fill } from "../lib/words.js";

// `Yesterday`, `2026-11-03 22:00 – 2026-11-04 06:00`. `quick` holds the ranges that have a name.
export function named([start, end], quick, rg) {
  const found = quick.find(([, ...one]) => one[0] === start && one[1] === end);
  if (found) return rg[`quick_${found[0]}`];
  return fill(rg.from_to, { from: start.replace("T", " "), to: end.replace("T", " ") });
}

// The first and the last day of a range; null for an end that is told relative to now.
export function spanOfDays(start, end) {
  const [first, last] = [start, end].map((text) => (DAY.test(text) && !Number.isNaN(Date.parse(text.slice(0, 10))) ? text.slice(0, 10) : null));
  // A range up to the beginning of a day has nothing of that day.
  const whole = last !== null && /^.{10}(T00:00(:00)?)?$/.test(end);
  return [first, whole ? shifted(last, -1) : last];
}
