// The grids of /comm: decodes the columns, places the cells, and computes their colours and texts. Pure functions.
import { stamp } from "../lib/zone.js";
import { fill } from "../lib/words.js";

export const HOUR = 3_600_000;

// The values of a run-length encoded column, `10000*700,9861,-1*19`.
export function unfold(text) {
  const values = [];
  for (const run of text.split(",")) {
    const [encoded, count] = run.split("*");
    const value = Number.isNaN(Number(encoded)) ? encoded : Number(encoded);
    for (let n = Number(count ?? 1); n > 0; n -= 1) values.push(value);
  }
  return values;
}

// The cells of a calendar, one for each hour: index `i`, day (column), hour (row), epoch ms, and local time as text. `half` is 1
// or 2 if the hour occurs twice on that day, else 0.
export function layOutCells(calendar, zone) {
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

// The 24 rows with their cells in the order of the days, and the hours that a day skips.
export function rowsOf(cells, days) {
  const rows = Array.from({ length: 24 }, () => []);
  cells.forEach((cell) => rows[cell.hour].push(cell));
  const skipped = days.flatMap(({ hours }, day) =>
    Array.from({ length: 24 }, (_, hour) => ({ day, hour })).filter(({ hour }) => !hours.includes(hour)));
  return { rows, skipped };
}

// A function from a rate, in hundredths of a percent, to its colour on a scale `0 comm-0, 8000 comm-1, …`.
export function colors(scale) {
  const stops = scale.split(", ").map((stop) => stop.split(" ")).map(([at, name]) => [Number(at), name]);
  const cache = new Map();
  return (rate) => {
    if (!cache.has(rate)) cache.set(rate, mixColors(stops, rate));
    return cache.get(rate);
  };
}

function mixColors(stops, rate) {
  const above = stops.findIndex(([at]) => rate <= at);
  if (above <= 0) return `var(--${stops.at(above).at(1)})`;
  const [from, low] = stops[above - 1];
  const [to, high] = stops[above];
  const percentage = Math.round(((rate - from) / (to - from)) * 1000) / 10;
  return `color-mix(in oklab, var(--${high}) ${percentage}%, var(--${low}))`;
}

// Whether the colour of a rate is so light (in the dark theme, so dark) that a mark on it needs the other text colour.
export const isSoft = (rate) => rate >= 9500;

export const percent = (rate) => (rate < 0 ? "–" : `${(rate / 100).toFixed(2)} %`);

const NAMES = { o: "ok", w: "warn", c: "crit", n: "no_data", f: "not_yet" };
export const isJudged = (state) => state !== "no_data" && state !== "not_yet";
export const stateOf = (code) => NAMES[code];

// The facts of a cell as texts and numbers, for its sentence and its tooltip. `w`: the section `comm` of the texts.
export function cellFacts(map, cell, w) {
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

// The facts of a cell as one sentence for a screen reader.
export function sentence(facts, w) {
  if (!isJudged(facts.state)) {
    return fill(facts.state === "not_yet" ? w.says_not_yet : w.says_none, { when: spoken(facts.when) });
  }
  const values = { ...facts, when: spoken(facts.when), state: facts.word };
  const seen = facts.seen ? fill(w.says_seen, { time: facts.seen }) : w.none_seen;
  return `${fill(w.says_rate, values)}, ${seen}`;
}

// A time without its seconds: `2026-03-29 02:00+01:00`.
export const spoken = (when) => when.slice(0, 16) + when.slice(19);

// The local time, `HH:MM`, of a minute in a UTC hour. The hour starts at another minute in a zone such as +05:30.
function stampMinute(when, minute) {
  const [hour, start] = [when.slice(11, 13), Number(when.slice(14, 16))];
  const total = start + minute;
  return `${String((Number(hour) + Math.floor(total / 60)) % 24).padStart(2, "0")}:${String(total % 60).padStart(2, "0")}`;
}
