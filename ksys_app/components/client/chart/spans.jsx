// The alarms of a tag in the window of its chart: fetched with the chart, and told in words below it.
import { useEffect, useMemo, useRef, useState } from "react";
import { Link } from "react-router";
import { spansOf } from "./spans.js";
import { ofGroup } from "../alarms/held.js";
import { link } from "../alarms/journal.js";
import { useAlarms } from "../alarms/store.js";
import { Priority, message } from "../alarms/words.jsx";
import { useLive } from "../shell/live.jsx";
import { timeText, useClock } from "../lib/clock.js";
import { at } from "../lib/paths.js";
import { useWords } from "../lib/usewords.js";
import { counted, fill } from "../lib/words.js";

const ROWS = 1000;
const SHOWN = 6;
const NONE = [];

// The spans of a tag from `from` to `to`, epoch ms; none without a tag.
export function useSpans(tag, from, to) {
  const { held } = useAlarms();
  const [rows, setRows] = useState(NONE);
  useEffect(() => {
    setRows(NONE);
  }, [tag]);
  useEffect(() => {
    if (!tag || !to) return undefined;
    const stop = new AbortController();
    const query = new URLSearchParams([["tag", tag], ["from", new Date(from).toISOString()], ["to", new Date(to).toISOString()],
      ["limit", String(ROWS)], ...["RAISE", "ESCALATE", "CLEAR"].map((event) => ["event", event])]);
    fetch(at(`/api/v1/alarms/journal?${query}`), { cache: "no-store", signal: stop.signal })
      .then((answer) => (answer.ok ? answer.json() : { rows: NONE })).then((page) => setRows(page.rows.filter((row) => !ofGroup(row))), () => {});
    return () => stop.abort();
  }, [tag, from, to, held.seq]);
  const standing = useMemo(() => held.rows.filter((row) => row.tag_name === tag && !ofGroup(row)), [held.rows, tag]);
  return useSame(useMemo(() => (tag && to ? spansOf(rows, standing, [from, to]) : NONE), [rows, standing, tag, from, to]));
}

// The object of before while nothing has changed, so that the chart is not drawn anew.
function useSame(now) {
  const kept = useRef(now);
  if (JSON.stringify(kept.current) !== JSON.stringify(now)) kept.current = now;
  return kept.current;
}

export function Spans({ tag, spans, from, to }) {
  const { zone } = useLive();
  const { alarms: al } = useWords();
  if (spans.length === 0) return null;
  const newest = spans.slice(-SHOWN).reverse();
  const way = link({ from: new Date(from).toISOString(), to: new Date(to).toISOString(), tag });
  return (
    <div className="spans" data-testid="spans">
      <Link to={way}>{counted(al.n_spans, spans.length)}</Link>
      <ul>
        {newest.map((one) => (
          <li key={`${one.condition} ${one.from}`}>
            <Priority priority={one.priority} quiet={one.to !== null} />{message(one, al)} <Times span={one} zone={zone} al={al} />
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
