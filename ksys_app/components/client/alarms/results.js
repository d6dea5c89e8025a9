// Whether a user may act on alarms, and the results of an action. Pure functions.

export const SHIFTS = [6, 14, 22];
const ORDER = ["viewer", "operator", "engineer", "admin"];

// The key of the text that says why the user may not act; empty if the user may.
export function refusalKey({ me, writable, needs = "operator" }) {
  if (!writable) return "no_write";
  if (!me) return "no_me";
  return ORDER.indexOf(me.role) < ORDER.indexOf(needs) ? `no_${needs}` : "";
}

// The count of each result in a fixed order, and the items whose result is not "done".
export function summarize(results) {
  const counts = ["done", "already", "stale", "forbidden"].map((result) => [result, results.filter((item) => item.result === result).length]);
  return { counts: counts.filter(([, n]) => n > 0), others: results.filter(({ result }) => result !== "done") };
}

export const needsComment = (rows) => rows.some(({ priority }) => priority === 1);

// Minutes to the end of the shift, at least one. `clock` is the local time, `14:05`.
export function toShiftEnd(clock) {
  const [hour, minute] = clock.split(":").map(Number);
  const now = hour * 60 + minute;
  const end = SHIFTS.map((hours) => hours * 60).find((minutes) => minutes > now) ?? (SHIFTS[0] + 24) * 60;
  return Math.max(1, end - now);
}
