// The filter of the journal as query parameters, and the rows of the journal folded to one line for each episode.
import { fill } from "../lib/words.js";

// The periods that end now, in seconds.
export const SPANS = { "1h": 3600, "8h": 28_800, "24h": 86_400, "7d": 604_800, "30d": 2_592_000 };
export const CONDITIONS = ["HIGH", "LOW", "INSTR", "GAP", "STEP", "RATE", "SPIKE", "SOURCE_LOST"];
export const EVENTS = ["RAISE", "ESCALATE", "DEESCALATE", "CLEAR", "ACK", "UNACK", "ASSIGN", "REALARM", "SUPERSEDED", "RESET", "SHELVE", "UNSHELVE", "SUPPRESS",
  "RELEASE", "OOS_IN", "OOS_OUT", "RULE_CHANGED", "LATE", "CLOCK", "EVALUATION_HOLE"];
const PARAMETERS = ["from", "to", "tag", "condition", "event", "priority"];

const validTime = (text) => (text && !Number.isNaN(Date.parse(text)) ? text : "");

// The filter in the query of an address, without its invalid values. `from` and `to` are absolute times; without both, `span`
// is a period that ends now.
export function fromQuery(query) {
  const filter = new URLSearchParams(query);
  const choice = (name, allowed, otherwise) => (allowed.includes(filter.get(name)) ? filter.get(name) : otherwise);
  const times = { from: validTime(filter.get("from")), to: validTime(filter.get("to")) };
  return {
    ...times, span: times.from || times.to ? "" : choice("span", Object.keys(SPANS), "24h"), tag: (filter.get("tag") ?? "").slice(0, 200),
    condition: choice("condition", CONDITIONS, ""), event: choice("event", EVENTS, ""), priority: choice("priority", ["1", "2", "3", "4"], ""),
    flat: filter.get("flat") === "1",
  };
}

// The query of the address for a filter.
export function toQuery(filter) {
  const query = new URLSearchParams();
  if (filter.span && filter.span !== "24h") query.set("span", filter.span);
  for (const name of PARAMETERS) if (filter[name]) query.set(name, filter[name]);
  if (filter.flat) query.set("flat", "1");
  return query.toString();
}

// The link to the journal with a filter.
export const link = (filter) => `/alarms/journal?${new URLSearchParams(filter)}`;

// The query of the request for a filter. A period that ends now becomes its start.
export function requestQuery(filter, nowMs) {
  const query = new URLSearchParams();
  for (const name of PARAMETERS) if (filter[name]) query.set(name, filter[name]);
  if (filter.span) query.set("from", new Date(nowMs - SPANS[filter.span] * 1000).toISOString());
  return query;
}

const EPISODE_EVENTS = new Set(["RAISE", "ESCALATE", "DEESCALATE", "CLEAR", "ACK", "UNACK", "ASSIGN", "REALARM", "SUPERSEDED", "RESET"]);

/** When the episode or the event of a line began, epoch ms. @param {any} line */
const startMs = ({ episode, row }) => Date.parse(episode?.raised_at ?? row.ts);

// Turns rows, newest first, into lines, sorted by when they began, newest first. An episode becomes one line with `episode`;
// every other row becomes a line with `row`.
export function foldEpisodes(rows) {
  const lines = new Map();
  for (const row of rows) {
    const episode = row.condition && EPISODE_EVENTS.has(row.event);
    const key = `${row.tag_name} ${row.condition} ${row.raised_at}${episode ? "" : ` ${row.event} ${row.ts}`}`;
    if (!lines.has(key)) lines.set(key, { key, rows: [] });
    lines.get(key).rows.push(row);
  }
  return [...lines.values()]
    .map(({ key, rows: members }) => (EPISODE_EVENTS.has(members[0].event) && members[0].condition ? episodeLine(key, members) : { key, row: members[0] }))
    .sort((a, b) => startMs(b) - startMs(a));
}

function episodeLine(key, members) {
  const oldestFirst = [...members].reverse();
  const first = (event) => oldestFirst.find((row) => row.event === event) ?? null;
  const last = (event) => members.find((row) => row.event === event) ?? null;
  const mostUrgent = members.reduce((best, row) => (row.priority && row.priority < best.priority ? row : best), members[0]);
  return { key, episode: { ...members[0], level: mostUrgent.level || members[0].level, priority: mostUrgent.priority }, raised: first("RAISE"),
    acked: first("ACK"), cleared: last("CLEAR"), over: last("SUPERSEDED") !== null, count: members.length };
}

// The notifications that were sent about a row, as texts; without those that were cancelled.
export const notificationsOf = ({ messages }, al, time) =>
  messages.filter(({ state }) => al[`told_${state}`]).map(({ route, state, at }) => fill(al[`told_${state}`], { route, time: time(at) }));
