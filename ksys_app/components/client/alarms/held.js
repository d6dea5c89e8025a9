// The alarms that a page holds: what an answer of the server changes in them, and which of them call for somebody.

export const NOTHING = { seq: 0, rows: [], counts: {}, evaluatedTo: null, late: false, writable: true, atMs: 0 };

export const keyOf = ({ tag_name: tag, condition }) => `${condition} ${tag}`;
// An alarm of a whole group: `tag_name` is the group, so there is no value, no trend and no limit.
export const ofGroup = ({ condition }) => condition === "SOURCE_LOST";
// An alarm in one of its episodes: what is acknowledged, and what a result is of.
export const episodeOf = (row) => `${keyOf(row)} ${row.raised_at}`;
export const itemOf = ({ tag_name, condition, raised_at }) => ({ tag_name, condition, raised_at });

const LATE_S = 15;

const ASIDE = new Set(["shelved", "suppressed", "out_of_service"]);
const WAITS = new Set(["unacked", "returned"]);
// Nobody waits for a person: somebody put it aside, or it is over.
export const aside = ({ state }) => ASIDE.has(state);
export const waits = ({ state }) => WAITS.has(state);
// Whether somebody of this name can take the alarm over: it is active, and another one or nobody has it.
export const takeable = ({ state, assigned_to: who }, name) => (state === "unacked" || state === "acked") && who !== name;
export const listed = (row) => !aside(row) && row.state !== "normal";

// What is held after an answer, which has all alarms of the list (`whole`) or what has changed of those that are held.
// Rows that have not changed stay the objects that they were.
export function applied(held, answer, atMs) {
  const { seq, evaluated_to: evaluatedTo, age_s: ageS, evaluating, counts, writable } = answer;
  const about = { seq, evaluatedTo, late: !evaluating || ageS > LATE_S, writable, counts, atMs };
  const known = new Map(held.rows.map((row) => [keyOf(row), row]));
  if (answer.whole === false) return { ...about, rows: merged(held.rows, known, answer) };
  return { ...about, rows: answer.rows.map((row) => (same(known.get(keyOf(row)), row) ? known.get(keyOf(row)) : row)) };
}

function merged(before, known, { rows, removed, values }) {
  if (rows.length + removed.length + values.length === 0) return before;
  for (const one of removed) known.delete(keyOf(one));
  for (const row of rows) known.set(keyOf(row), row);
  const now = new Map(values.map((one) => [one.tag_name, one]));
  return [...known.values()].map((row) => (now.has(row.tag_name) ? { ...row, ...now.get(row.tag_name) } : row));
}

const same = (one, other) => one !== undefined && JSON.stringify(one) === JSON.stringify(other);

// Those of `after` that call for attention and did not in `before`: raised, gone up a level, or no longer acknowledged.
export function annunciated(before, after) {
  const known = new Map(before.map((row) => [keyOf(row), row]));
  return after.filter((row) => {
    const was = known.get(keyOf(row));
    if (!waits(row) || was === row) return false;
    return !was || !waits(was) || was.raised_at !== row.raised_at || row.priority < was.priority
      || (row.state === "unacked" && HIGHER.has(`${was.level} ${row.level}`));
  });
}

const HIGHER = new Set(["H HH", "L LL", "BAD NEGATIVE", "BAD RANGE", "NEGATIVE RANGE"]);

// What waits for somebody comes first, then the more urgent, then the newer.
export function byUrgency(one, other) {
  return Number(waits(other)) - Number(waits(one)) || one.priority - other.priority || raisedMs(other) - raisedMs(one)
    || (keyOf(one) < keyOf(other) ? -1 : 1);
}

// An alarm can be put aside before it is ever raised.
export const raisedMs = ({ raised_at: raised }) => (raised ? Date.parse(raised) : 0);

// How many are put aside.
export const asideCount = ({ shelved = 0, suppressed = 0, out_of_service: out = 0 }) => shelved + suppressed + out;

// The first alarm that waits for somebody, null for none.
export function highest(rows) {
  const found = rows.filter((row) => listed(row) && waits(row));
  return found.reduce((best, row) => (best && byUrgency(best, row) <= 0 ? best : row), null);
}

// How many alarms of a list there are by priority: waiting for somebody, and all.
export function tally(rows) {
  const found = {};
  for (const row of rows) {
    found[row.priority] ??= { waits: 0, all: 0 };
    found[row.priority].all += 1;
    if (waits(row)) found[row.priority].waits += 1;
  }
  return found;
}

// Since when nothing is evaluated: null while somebody evaluates, 0 if nobody ever has, else epoch ms.
export function unevaluated({ evaluatedTo, late }) {
  if (!evaluatedTo) return 0;
  return late ? Date.parse(evaluatedTo) : null;
}

// The keys of the alarms that sound: those that called, for as long as they wait for somebody. Of those raised up to
// `silencedMs` somebody has silenced the sound.
export function sounding(before, rows, calls, silencedMs) {
  const waiting = new Set(rows.filter(waits).map(keyOf));
  const fresh = calls.filter((row) => raisedMs(row) > silencedMs).map(keyOf);
  return [...new Set([...before, ...fresh])].filter((key) => waiting.has(key));
}

// The most urgent priority of some alarms of a list, 0 for none.
export function loudest(rows, keys) {
  const some = new Set(keys);
  const found = rows.filter((row) => some.has(keyOf(row))).map(({ priority }) => priority);
  return found.length > 0 ? Math.min(...found) : 0;
}
