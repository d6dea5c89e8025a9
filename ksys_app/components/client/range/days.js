// Days of the display zone as texts, `2026-11-03`, independent of the browser's zone.
const DAY_MS = 86_400_000;

// Matches texts that begin with a day.
export const DAY = /^\d{4}-\d\d-\d\d(?=$|[T ])/;

const ms = (day) => Date.parse(`${day}T00:00:00Z`);
const text = (time) => new Date(time).toISOString().slice(0, 10);

// The day of a time written as `2026-11-03 22:00:00+09:00`.
export const dayOf = (stamp) => stamp.slice(0, 10);

// The day so many days later.
export const shifted = (day, days) => text(ms(day) + days * DAY_MS);

// The same day so many months later, or the last day of a shorter month.
export function monthShifted(day, months) {
  const [year, month, date] = day.split("-").map(Number);
  const last = new Date(Date.UTC(year, month + months, 0)).getUTCDate();
  return text(Date.UTC(year, month - 1 + months, Math.min(date, last)));
}

// The weeks, Monday to Sunday, that contain days of the month of `day`.
export function weeksOf(day) {
  const first = `${day.slice(0, 8)}01`;
  const next = monthShifted(first, 1);
  const weeks = [];
  for (let at = monday(first); at < next; at = shifted(at, 7)) weeks.push(Array.from({ length: 7 }, (_, n) => shifted(at, n)));
  return weeks;
}

export const monday = (day) => shifted(day, -((new Date(ms(day)).getUTCDay() + 6) % 7));

// The day to which a key moves from a day; null for any other key.
export function moved(day, key) {
  const to = {
    ArrowLeft: () => shifted(day, -1),
    ArrowRight: () => shifted(day, 1),
    ArrowUp: () => shifted(day, -7),
    ArrowDown: () => shifted(day, 7),
    Home: () => monday(day),
    End: () => shifted(monday(day), 6),
    PageUp: () => monthShifted(day, -1),
    PageDown: () => monthShifted(day, 1),
  }[key];
  return to ? to() : null;
}
