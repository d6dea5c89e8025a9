// The grids of /comm as the browser reads them: columns unfolded, cells placed, rates coloured.
import { stamp } from "../lib/zone.js";
import { fill } from "../lib/words.js";

export const HOUR = 3_600_000;

// `10000*700,9861,-1*19`: values in order, runs of one value folded.
export function unfold(text) {
  const values = [];
  for (const part of text.split(",")) {
    const [value, count] = part.split("*");
    const one = Number.isNaN(Number(value)) ? value : Number(value);
    for (let n = Number(count ?? 1); n > 0; n -= 1) values.push(one);
  }
  return values;
}

// Every cell with its day (column), hour (row), time and words; `half` where an hour comes twice.
export function place(calendar, zone) {
  const cells = [];
  calendar.days.forEach(({ hours }, day) => {
    hours.forEach((hour, at) => {
      const half = hours[at + 1] === hour ? 1 : hours[at - 1] === hour ? 2 : 0;
      const ms = calendar.first_ms + cells.length * HOUR;
      cells.push({ i: cells.length, day, hour, half, ms, when: stamp(ms, zone) });
    });
  });
  return cells;
}

// The 24 rows, each with its cells by day; and the hours that a day skips.
export function rowsOf(cells, days) {
  const rows = Array.from({ length: 24 }, () => []);
  cells.forEach((cell) => rows[cell.hour].push(cell));
  const skipped = days.flatMap(({ hours }, day) =>
    Array.from({ length: 24 }, (_, hour) => ({ day, hour })).filter(({ hour }) => !hours.includes(hour)));
  return { rows, skipped };
}

// `0 comm-0, 8000 comm-1, …`: a colour between the two stops that a rate lies between.
export function colors(scale) {
  const stops = scale.split(", ").map((stop) => stop.split(" ")).map(([at, name]) => [Number(at), name]);
  const known = new Map();
  return (rate) => {
    if (!known.has(rate)) known.set(rate, mixed(stops, rate));
    return known.get(rate);
  };
}

function mixed(stops, rate) {
  const above = stops.findIndex(([at]) => rate <= at);
  if (above <= 0) return `var(--${stops.at(above).at(1)})`;
  const [from, low] = stops[above - 1];
  const [to, high] = stops[above];
  const part = Math.round(((rate - from) / (to - from)) * 1000) / 10;
  return `color-mix(in oklab, var(--${high}) ${part}%, var(--${low}))`;
}

// Over the first limit the scale is so light (in the dark so dark) that a mark takes the other ink.
export const isSoft = (rate) => rate >= 9500;

export const percent = (rate) => (rate < 0 ? "–" : `${(rate / 100).toFixed(2)} %`);

const NAMES = { o: "ok", w: "warn", c: "crit", n: "no_data", f: "not_yet" };
export const isJudged = (state) => state !== "no_data" && state !== "not_yet";
export const stateOf = (code) => NAMES[code];

// What a cell says: to the ear as one sentence, and as the lines of its tooltip.
export function told(map, cell, w) {
  const { i } = cell;
  const state = stateOf(map.state[i]);
  return {
    state,
    when: cell.when,
    rate: percent(map.rate[i]),
    recv: map.recv[i],
    exp: map.exp[i],
    missing: Math.max(0, map.exp[i] - map.recv[i]),
    seen: map.seen[i] < 0 ? "" : stampMinute(cell.when, map.seen[i]),
    word: w[`state_${state}`],
  };
}

export function sentence(one, w) {
  if (!isJudged(one.state)) {
    return fill(one.state === "not_yet" ? w.says_not_yet : w.says_none, { when: spoken(one.when) });
  }
  const values = { ...one, when: spoken(one.when), state: one.word };
  const seen = one.seen ? fill(w.says_seen, { time: one.seen }) : w.none_seen;
  return `${fill(w.says_rate, values)}, ${seen}`;
}

// `2026-03-29 02:00+01:00`: seconds say nothing of an hour.
export const spoken = (when) => when.slice(0, 16) + when.slice(19);

// The minute of a bucket of UTC, which a zone off by part of an hour shifts on the wall.
function stampMinute(when, minute) {
  const [hour, start] = [when.slice(11, 13), Number(when.slice(14, 16))];
  const total = start + minute;
  return `${String((Number(hour) + Math.floor(total / 60)) % 24).padStart(2, "0")}:${String(total % 60).padStart(2, "0")}`;
}
