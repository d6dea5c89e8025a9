// The alarms of a tag in the window of its chart: fetched for the chart, and listed below it.
import "../lib/explorewords.js";
import { useEffect, useRef, useState } from "react";
import { Link } from "react-router";
import { alarmSpansOf } from "./alarmspans.js";
import { link } from "../alarms/journal.js";
import { alarmVersion } from "../alarms/snapshot.js";
import { useAlarms } from "../alarms/store.js";
import { Priority, message } from "../alarms/words.jsx";
import { useLive } from "../shell/live.jsx";
import { timeText, useClock } from "../lib/clock.js";
import { at } from "../lib/paths.js";
import { useWords } from "../lib/usewords.js";
import { counted, fill } from "../lib/words.js";

const MOST = 1000;
const SHOWN = 6;
const NONE = [];

// The alarms of a tag from `from` to `to`, epoch ms, as `alarmSpansOf` returns them; empty without a tag.
export function useAlarmSpans(tag, from, to) {
  const { held } = useAlarms();
  const changed = alarmVersion(held.rows, [tag]);
  const [spans, setSpans] = useState(NONE);
  useEffect(() => setSpans(NONE), [tag]);
  useEffect(() => {
    if (!tag || !to) return undefined;
    const stop = new AbortController();
    const query = new URLSearchParams({ tag, kind: "alarm", from: new Date(from).toISOString(), to: new Date(to).toISOString(), limit: String(MOST) });
    fetch(at(`/api/v1/events?${query}`), { cache: "no-store", signal: stop.signal })
      .then((answer) => (answer.ok ? answer.json() : { events: NONE })).then((body) => setSpans(alarmSpansOf(body)), () => {});
    return () => stop.abort();
  }, [tag, from, to, changed]);
  return useStable(spans);
}

// The same object while the value has not changed, so that the chart is not drawn again.
function useStable(value) {
  const last = useRef(value);
  if (JSON.stringify(last.current) !== JSON.stringify(value)) last.current = value;
  return last.current;
}

export function AlarmSpans({ tag, spans, from, to }) {
  const { zone } = useLive();
  const { alarms: al, explore: x } = useWords();
  if (spans.length === 0) return null;
  const newest = spans.slice(-SHOWN).reverse();
  const journal = link({ from: new Date(from).toISOString(), to: new Date(to).toISOString(), tag });
  return (
    <div className="spans" data-testid="spans">
      <Link to={journal}>{counted(al.n_spans, spans.reduce((sum, { count }) => sum + count, 0))}</Link>
      <ul>
        {newest.map((span) => (
          <li key={`${span.condition} ${span.from}`}>
            <Priority priority={span.priority} quiet={span.to !== null} />{span.count > 1 ? counted(x.lane_n_alarm, span.count) : message(span, al)} <Times span={span} zone={zone} al={al} />
          </li>
        ))}
      </ul>
    </div>
  );
}

function Times({ span, zone, al }) {
  return useClock((now) => (span.to === null
    ? fill(al.since_then, { time: timeText(span.from, zone, now) })
    : `${timeText(span.from, zone, now)} – ${timeText(span.to, zone, span.from)}`));
}
