// Times of the display zone, whatever zone the browser is in: text, and round times for an axis.
const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const STEPS = [
  ...[5, 15, 30].map((n) => n * SECOND),
  ...[1, 2, 5, 10, 15, 30].map((n) => n * MINUTE),
  ...[1, 2, 3, 6, 12].map((n) => n * HOUR),
  ...[1, 2, 4, 7, 14].map((n) => n * DAY),
];
const MONTH_STEPS = [1, 2, 3, 6, 12];
const MONTH = 30.5 * DAY;
const formats = new Map();

function format(zone) {
  if (!formats.has(zone)) {
    formats.set(zone, new Intl.DateTimeFormat("sv-SE", {
      timeZone: zone, year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit",
      second: "2-digit", hourCycle: "h23",
    }));
  }
  return formats.get(zone);
}

// The clock on the wall of the zone, as if it were UTC.
const local = (ms, zone) => Date.parse(`${format(zone).format(ms).replace(" ", "T")}Z`);

function offset(ms, zone) {
  const whole = Math.floor(ms / SECOND) * SECOND;
  return local(whole, zone) - whole;
}

// A time that the wall's clock skips becomes the one an hour later.
function utc(wall, zone) {
  const guess = wall - offset(wall, zone);
  return wall - offset(guess, zone);
}

const two = (n) => String(n).padStart(2, "0");

// `2025-08-15 16:26:07+09:00`, as the server writes it.
export function stamp(ms, zone) {
  const minutes = offset(ms, zone) / MINUTE;
  const size = Math.abs(minutes);
  const sign = minutes < 0 ? "-" : "+";
  return `${format(zone).format(ms)}${sign}${two(Math.floor(size / 60))}:${two(size % 60)}`;
}

// Times between two others at which an axis of at most `most` labels is marked: round on the wall.
export function ticks(from, to, zone, most) {
  const span = (to - from) / Math.max(1, most);
  const step = STEPS.find((size) => size >= span);
  return step ? even(from, to, zone, step) : monthly(from, to, zone, span);
}

function even(from, to, zone, step) {
  const found = [];
  let wall = Math.ceil(local(Math.floor(from / SECOND) * SECOND, zone) / step) * step;
  for (let ms = utc(wall, zone); ms <= to; ms = utc(wall, zone)) {
    if (ms >= from && ms > (found.at(-1) ?? -Infinity)) found.push(ms);
    wall += step;
  }
  return found;
}

function monthly(from, to, zone, span) {
  const step = MONTH_STEPS.find((n) => n * MONTH >= span) ?? MONTH_STEPS.at(-1);
  const found = [];
  const start = new Date(local(from, zone));
  let month = Math.ceil((start.getUTCFullYear() * 12 + start.getUTCMonth()) / step) * step;
  for (let ms = 0; ms <= to; month += step) {
    ms = utc(Date.UTC(Math.floor(month / 12), month % 12, 1), zone);
    if (ms >= from && ms <= to) found.push(ms);
  }
  return found;
}

// What an axis writes at a round time: the clock, or the date where a day begins.
export function tickText(ms, zone, span) {
  const [date, clock] = format(zone).format(ms).split(" ");
  if (clock !== "00:00:00") return span < 10 * MINUTE ? clock : clock.slice(0, 5);
  return span > 200 * DAY ? date.slice(0, 7) : date.slice(5);
}

// The time that a text means on the wall of the zone, epoch ms: `2026-01-31 14:05`, `2026-01-31`; null for any other text.
export function parse(text, zone) {
  const found = /^(\d{4}-\d\d-\d\d)(?:[ T](\d\d:\d\d)(:\d\d)?)?$/.exec(text.trim());
  const wall = found ? Date.parse(`${found[1]}T${found[2] ?? "00:00"}${found[3] ?? ":00"}Z`) : NaN;
  return Number.isNaN(wall) ? null : utc(wall, zone);
}
