// What is seen of a window: all of it, or which part.
import { timeText, useClock } from "../lib/clock.js";
import { useLive } from "../shell/live.jsx";
import { within } from "./seen.js";
import { fill } from "../lib/words.js";

// The time that is shown, and the part of it that a chart shows; null before an answer. `ends` are those of a range; a
// window ends at the last answer.
export function useSeen(seconds, ends, zoom) {
  const { updatedMs, lead } = useLive();
  const to = ends[1] ?? updatedMs + lead;
  const from = ends[0] ?? to - (seconds ?? 0) * 1000;
  if (updatedMs === 0 || from >= to) return { window: null, part: null };
  return { window: [from, to], part: within(zoom, { from, to }) };
}

export function Seen({ period, spans, ends, zoom }) {
  const { caption, zone, t } = useLive();
  const { part } = useSeen(spans[period], ends, zoom);
  const text = useClock((now) => {
    if (!part) return caption;
    // The day of the end is that of the beginning, unless it is told.
    const [from, to] = [timeText(part[0], zone, now), timeText(part[1], zone, part[0])];
    return fill(t.seen_part, { from, to, caption });
  });
  return <span className="count seen" title={text} data-testid="seen" data-zoomed={part !== null}>{text}</span>;
}
