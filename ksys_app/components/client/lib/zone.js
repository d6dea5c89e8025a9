// Times of the display zone, independent of the browser's zone: text, and round times for an axis.
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

// The local time of the zone, as epoch ms of a UTC clock that shows the same.
const local = (ms, zone) => Date.parse(`${format(zone).format(ms).replace(" ", "T")}Z`);

function offset(ms, zone) {
  const fullSecond = Math.floor(ms / SECOND) * SECOND;
  return local(fullSecond, zone) - fullSecond;
}

// The inverse of `local`. A local time that a change to summer time skips becomes the one an hour later.
function utc(localMs, zone) {
  const guess = localMs - offset(localMs, zone);
  return localMs - offset(guess, zone);
}

const twoDigits = (n) => String(n).padStart(2, "0");

// A time as the server writes it: `2025-08-15 16:26:07+09:00`.
export function stamp(ms, zone) {
  const minutes = offset(ms, zone) / MINUTE;
  const size = Math.abs(minutes);
  const sign = minutes < 0 ? "-" : "+";
  return `${format(zone).format(ms)}${sign}${twoDigits(Math.floor(size / 60))}:${twoDigits(size % 60)}`;
}

// The times, from `from` to `to`, at which an axis has its at most `most` labels: round times of the zone.
export function ticks(from, to, zone, most) {
  const span = (to - from) / Math.max(1, most);
  const step = STEPS.find((size) => size >= span);
  return step ? even(from, to, zone, step) : monthly(from, to, zone, span);
}

function even(from, to, zone, step) {
  const found = [];
  let localMs = Math.ceil(local(Math.floor(from / SECOND) * SECOND, zone) / step) * step;
  for (let ms = utc(localMs, zone); ms <= to; ms = utc(localMs, zone)) {
    if (ms >= from && ms > (found.at(-1) ?? -Infinity)) found.push(ms);
    localMs += step;
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

// The label of an axis at a round time: the time of day, with seconds where they say something, or the date where a day begins.
export function tickText(ms, zone, span) {
  const [date, clock] = format(zone).format(ms).split(" ");
  if (clock !== "00:00:00") return span < 10 * MINUTE || !clock.endsWith(":00") ? clock : clock.slice(0, 5);
  return span > 200 * DAY ? date.slice(0, 7) : date.slice(5);
}

// The epoch ms of a local time of the zone, written `2026-01-31 14:05` or `2026-01-31`; null for any other text, and for
// years before 1000, which the browser writes with fewer digits.
export function parse(text, zone) {
  const found = /^([1-9]\d{3}-\d\d-\d\d)(?:[ T](\d\d:\d\d)(:\d\d)?)?$/.exec(text.trim());
  const localMs = found ? Date.parse(`${found[1]}T${found[2] ?? "00:00"}${found[3] ?? ":00"}Z`) : NaN;
  return Number.isNaN(localMs) ? null : utc(localMs, zone);
}
