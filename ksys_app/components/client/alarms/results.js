// What came of acting on alarms, by result, and what stands in the way before.

export const SHIFTS = [6, 14, 22];
const ORDER = ["viewer", "operator", "engineer", "admin"];

// Why the reader may not do something: the name of a text, empty if nothing is in the way.
export function hindrance({ me, writable, needs = "operator" }) {
  if (!writable) return "no_write";
  if (!me) return "no_me";
  return ORDER.indexOf(me.role) < ORDER.indexOf(needs) ? `no_${needs}` : "";
}

// Counts of each result in a fixed order, and the items that were not done.
export function summed(results) {
  const counts = ["done", "already", "stale", "forbidden"].map((result) => [result, results.filter((one) => one.result === result).length]);
  return { counts: counts.filter(([, n]) => n > 0), others: results.filter(({ result }) => result !== "done") };
}

export const needsComment = (rows) => rows.some(({ priority }) => priority === 1);

// Minutes to the end of the shift, at least one; `clock` is the time of the wall, `14:05`.
export function toShiftEnd(clock) {
  const [hour, minute] = clock.split(":").map(Number);
  const now = hour * 60 + minute;
  const end = SHIFTS.map((one) => one * 60).find((one) => one > now) ?? (SHIFTS[0] + 24) * 60;
  return Math.max(1, end - now);
}
