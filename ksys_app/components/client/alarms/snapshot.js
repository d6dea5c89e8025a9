// The snapshot of the active alarms: how an answer of the server changes it, and which alarms need attention. Pure functions.

export const EMPTY_SNAPSHOT = { seq: 0, rows: [], counts: {}, evaluatedTo: null, late: false, writable: true, atMs: 0 };

export const keyOf = ({ tag_name: tag, condition }) => `${condition} ${tag}`;
// Whether the alarm is of a group of tags: then `tag_name` is the group, and there is no value, trend or limit.
export const ofGroup = ({ condition }) => condition === "SOURCE_LOST";
// The key of an alarm in one of its episodes. Actions and their results refer to episodes.
export const episodeOf = (row) => `${keyOf(row)} ${row.raised_at}`;
export const itemOf = ({ tag_name, condition, raised_at }) => ({ tag_name, condition, raised_at });

// A text that is another one when an alarm of one of the tags is raised, rises, clears or leaves the list. Values do not change it.
export const alarmVersion = (rows, tags) =>
  rows.filter((row) => tags.includes(row.tag_name)).map((row) => `${episodeOf(row)} ${row.level} ${row.cleared_at}`).sort().join("\n");

const LATE_S = 15;

const ASIDE = new Set(["shelved", "suppressed", "out_of_service"]);
const WAITS = new Set(["unacked", "returned"]);
// Whether an alarm is put aside: shelved, suppressed or out of service.
export const aside = ({ state }) => ASIDE.has(state);
// Whether an alarm waits for an acknowledgement.
export const waits = ({ state }) => WAITS.has(state);
// Whether the user `name` can take the alarm over: it is active, and not yet assigned to this user.
export const assignable = ({ state, assigned_to: who }, name) => (state === "unacked" || state === "acked") && who !== name;
// Whether the list of active alarms contains the alarm.
export const listed = (row) => !aside(row) && row.state !== "normal";

// The snapshot after an answer, which has all alarms of the list (`whole`) or only changes. Rows without a change stay the
// same objects. While the database does not answer, the server sends what it read before: `stale_s` says how long ago.
export function applyAnswer(snapshot, answer, nowMs) {
  const { seq, evaluated_to: evaluatedTo, age_s: ageS, evaluating, counts, writable, stale_s: staleS = 0 } = answer;
  const status = { seq, evaluatedTo, late: !evaluating || ageS > LATE_S, writable, counts, atMs: nowMs - staleS * 1000 };
  const byKey = new Map(snapshot.rows.map((row) => [keyOf(row), row]));
  if (answer.whole === false) return { ...status, rows: mergeChanges(snapshot.rows, byKey, answer) };
  return { ...status, rows: answer.rows.map((row) => (sameRow(byKey.get(keyOf(row)), row) ? byKey.get(keyOf(row)) : row)) };
}

function mergeChanges(before, byKey, { rows, removed, values }) {
  if (rows.length + removed.length + values.length === 0) return before;
  for (const row of removed) byKey.delete(keyOf(row));
  for (const row of rows) byKey.set(keyOf(row), row);
  const valueOf = new Map(values.map((value) => [value.tag_name, value]));
  return [...byKey.values()].map((row) => (valueOf.has(row.tag_name) ? { ...row, ...valueOf.get(row.tag_name) } : row));
}

const sameRow = (first, second) => first !== undefined && JSON.stringify(first) === JSON.stringify(second);

// The alarms of `after` that must be annunciated: newly raised since `before`, risen to a higher level or priority, or no
// longer acknowledged.
export function annunciated(before, after) {
  const byKey = new Map(before.map((row) => [keyOf(row), row]));
  return after.filter((row) => {
    const was = byKey.get(keyOf(row));
    if (!waits(row) || was === row) return false;
    return !was || !waits(was) || was.raised_at !== row.raised_at || row.priority < was.priority
      || (row.state === "unacked" && HIGHER.has(`${was.level} ${row.level}`));
  });
}

const HIGHER = new Set(["H HH", "L LL", "BAD NEGATIVE", "BAD RANGE", "NEGATIVE RANGE"]);

// The order of the list: unacknowledged before acknowledged, then the more urgent, then the newer.
export function byUrgency(a, b) {
  return Number(waits(b)) - Number(waits(a)) || a.priority - b.priority || raisedMs(b) - raisedMs(a)
    || (keyOf(a) < keyOf(b) ? -1 : 1);
}

// When the alarm was raised, epoch ms; 0 if it was put aside before it was ever raised.
export const raisedMs = ({ raised_at: raised }) => (raised ? Date.parse(raised) : 0);

// How many alarms are put aside.
export const asideCount = ({ shelved = 0, suppressed = 0, out_of_service: out = 0 }) => shelved + suppressed + out;

// The most urgent alarm that waits for an acknowledgement, null without one.
export function highest(rows) {
  const result = rows.filter((row) => listed(row) && waits(row));
  return result.reduce((best, row) => (best && byUrgency(best, row) <= 0 ? best : row), null);
}

// The number of alarms by priority: `waits` without acknowledgement, `all` in total.
export function tally(rows) {
  const result = {};
  for (const row of rows) {
    result[row.priority] ??= { waits: 0, all: 0 };
    result[row.priority].all += 1;
    if (waits(row)) result[row.priority].waits += 1;
  }
  return result;
}

// Since when no worker evaluates alarms, epoch ms; null while one does, 0 if none ever did.
export function unevaluated({ evaluatedTo, late }) {
  if (!evaluatedTo) return 0;
  return late ? Date.parse(evaluatedTo) : null;
}

// The keys of the alarms that sound: those in `before` and the newly annunciated `calls`, while they wait for an
// acknowledgement. Alarms raised up to `silencedMs` are silenced.
export function sounding(before, rows, calls, silencedMs) {
  const waiting = new Set(rows.filter(waits).map(keyOf));
  const fresh = calls.filter((row) => raisedMs(row) > silencedMs).map(keyOf);
  return [...new Set([...before, ...fresh])].filter((key) => waiting.has(key));
}

// The most urgent priority among the alarms with the keys `keys`, 0 if there is none.
export function loudest(rows, keys) {
  const keySet = new Set(keys);
  const result = rows.filter((row) => keySet.has(keyOf(row))).map(({ priority }) => priority);
  return result.length > 0 ? Math.min(...result) : 0;
}
