// Durations as text. `t` is the section `live` of the catalogue; it has the units.
import { fill } from "./words.js";

// `4 s`, `3 min`, `2 h 05 min`, `5 d 3 h`.
export function ageText(seconds, t) {
  const total = Math.max(0, Math.floor(seconds));
  if (total < 120) return fill(t.age_s, { s: total });
  const minutes = Math.floor(total / 60);
  if (minutes < 120) return fill(t.age_min, { min: minutes });
  return minutes < 48 * 60 ? hours(minutes, t) : days(minutes, t);
}

// `45 min`, `26 h`, `2 h 04 min`, `5 d 3 h`. The steps equal those of `ageText`, so that the length of an outage is never
// shorter than the age of the newest sample.
export function lengthText(minutes, t) {
  if (minutes >= 48 * 60) return days(minutes, t);
  if (minutes < 60) return fill(t.age_min, { min: minutes });
  return minutes % 60 === 0 ? fill(t.age_h, { h: minutes / 60 }) : hours(minutes, t);
}

const hours = (minutes, t) =>
  fill(t.age_h_min, { h: Math.floor(minutes / 60), min: String(minutes % 60).padStart(2, "0") });

const days = (minutes, t) => fill(t.age_d_h, { d: Math.floor(minutes / 1440), h: Math.floor(minutes / 60) % 24 });
