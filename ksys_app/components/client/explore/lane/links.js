// The links of events: to the alarm journal, the page of communication, and the limits.
import { link } from "../../alarms/journal.js";

const SECOND_MS = 1000;

// The address of the page with more about a mark; empty for anomalies and notes.
export function eventLink({ events, tags }, zone) {
  const [{ kind, count, values }] = events;
  const [tag] = tags;
  if (!tag) return "";
  const from = Math.min(...events.map((event) => event.from));
  const ongoing = events.some(({ to }) => to === null);
  const to = Math.max(...events.map((event) => event.to ?? event.from));
  if (kind === "alarm") {
    const condition = events.length === 1 && count === 1 && values.condition ? { condition: values.condition } : {};
    return link({ from: iso(from), ...(ongoing ? {} : { to: iso(to + SECOND_MS) }), ...(tags.length === 1 ? { tag } : {}), ...condition });
  }
  if (kind === "outage") return `/comm?${new URLSearchParams({ tag, start: previousDay(from, zone) })}`;
  if (kind === "change") return `/limits?${new URLSearchParams({ tag })}`;
  return "";
}

const iso = (ms) => new Date(Math.floor(ms / SECOND_MS) * SECOND_MS).toISOString();

// The date of the day before; the page of communication shows the days from there.
const previousDay = (ms, zone) => new Intl.DateTimeFormat("sv-SE", { timeZone: zone, dateStyle: "short" }).format(ms - 86_400_000);
