// Which part of the journal is shown, as the address says it, and its rows folded to a line an episode.
import { fill } from "../lib/words.js";

// Seconds of the spans that end now.
export const SPANS = { "1h": 3600, "8h": 28_800, "24h": 86_400, "7d": 604_800, "30d": 2_592_000 };
export const CONDITIONS = ["HIGH", "LOW", "INSTR", "GAP", "STEP", "RATE", "SPIKE", "SOURCE_LOST"];
export const EVENTS = ["RAISE", "ESCALATE", "DEESCALATE", "CLEAR", "ACK", "UNACK", "ASSIGN", "REALARM", "SUPERSEDED", "RESET", "SHELVE", "UNSHELVE", "SUPPRESS",
  "RELEASE", "OOS_IN", "OOS_OUT", "RULE_CHANGED", "LATE", "CLOCK", "EVALUATION_HOLE"];
const NAMES = ["from", "to", "tag", "condition", "event", "priority"];

const moment = (text) => (text && !Number.isNaN(Date.parse(text)) ? text : "");

// An invalid value of the address is left out. `from` and `to` are absolute; without both, `span` ends now.
export function fromQuery(query) {
  const asked = new URLSearchParams(query);
  const of = (name, allowed, otherwise) => (allowed.includes(asked.get(name)) ? asked.get(name) : otherwise);
  const ends = { from: moment(asked.get("from")), to: moment(asked.get("to")) };
  return {
    ...ends, span: ends.from || ends.to ? "" : of("span", Object.keys(SPANS), "24h"), tag: (asked.get("tag") ?? "").slice(0, 200),
    condition: of("condition", CONDITIONS, ""), event: of("event", EVENTS, ""), priority: of("priority", ["1", "2", "3", "4"], ""),
    flat: asked.get("flat") === "1",
  };
}

export function toQuery(asked) {
  const query = new URLSearchParams();
  if (asked.span && asked.span !== "24h") query.set("span", asked.span);
  for (const name of NAMES) if (asked[name]) query.set(name, asked[name]);
  if (asked.flat) query.set("flat", "1");
  return query.toString();
}

// The link to the rows of some alarms in a time.
export const link = (asked) => `/alarms/journal?${new URLSearchParams(asked)}`;

// What the server is asked for: a span becomes the time at which it begins.
export function wanted(asked, nowMs) {
  const query = new URLSearchParams();
  for (const name of NAMES) if (asked[name]) query.set(name, asked[name]);
  if (asked.span) query.set("from", new Date(nowMs - SPANS[asked.span] * 1000).toISOString());
  return query;
}

const LIFE = new Set(["RAISE", "ESCALATE", "DEESCALATE", "CLEAR", "ACK", "UNACK", "ASSIGN", "REALARM", "SUPERSEDED", "RESET"]);

/** @param {any} line */
const begun = ({ episode, row }) => Date.parse(episode?.raised_at ?? row.ts);

// Rows, the newest first, as lines by the time at which they began: an episode is one line, other rows stay alone.
export function folded(rows) {
  const lines = new Map();
  for (const row of rows) {
    const episode = row.condition && LIFE.has(row.event);
    const key = `${row.tag_name} ${row.condition} ${row.raised_at}${episode ? "" : ` ${row.event} ${row.ts}`}`;
    if (!lines.has(key)) lines.set(key, { key, rows: [] });
    lines.get(key).rows.push(row);
  }
  return [...lines.values()]
    .map(({ key, rows: members }) => (LIFE.has(members[0].event) && members[0].condition ? lineOf(key, members) : { key, row: members[0] }))
    .sort((one, other) => begun(other) - begun(one));
}

function lineOf(key, members) {
  const oldest = [...members].reverse();
  const first = (event) => oldest.find((row) => row.event === event) ?? null;
  const last = (event) => members.find((row) => row.event === event) ?? null;
  const urgent = members.reduce((best, row) => (row.priority && row.priority < best.priority ? row : best), members[0]);
  return { key, episode: { ...members[0], level: urgent.level || members[0].level, priority: urgent.priority }, raised: first("RAISE"),
    acked: first("ACK"), cleared: last("CLEAR"), over: last("SUPERSEDED") !== null, count: members.length };
}

// Which routes told of a row, in words; messages that nobody needed any more are left out.
export const toldOf = ({ messages }, al, time) =>
  messages.filter(({ state }) => al[`told_${state}`]).map(({ route, state, at }) => fill(al[`told_${state}`], { route, time: time(at) }));
