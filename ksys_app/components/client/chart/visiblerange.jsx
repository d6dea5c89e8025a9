// The visible range of a chart: its window, or the zoomed part.
import { timeText, useClock } from "../lib/clock.js";
import { useLive } from "../shell/live.jsx";
import { zoomWithin } from "./zoom.js";
import { fill } from "../lib/words.js";

// The range of a page as `window` and the zoomed part of it as `part`, each [start, end] in epoch ms, or null. `ends` is the
// range if the page shows one; a window ends at the time of the last answer. Both are null before the first answer.
export function useVisibleRange(seconds, ends, zoom) {
  const { updatedMs, lead } = useLive();
  const to = ends[1] ?? updatedMs + lead;
  const from = ends[0] ?? to - (seconds ?? 0) * 1000;
  if (updatedMs === 0 || from >= to) return { window: null, part: null };
  return { window: [from, to], part: zoomWithin(zoom, { from, to }) };
}

export function VisibleRange({ period, spans, ends, zoom }) {
  const { caption, zone, t } = useLive();
  const { part } = useVisibleRange(spans[period], ends, zoom);
  const text = useClock((now) => {
    if (!part) return caption;
    // The end has a date only if its day differs from the start's.
    const [from, to] = [timeText(part[0], zone, now), timeText(part[1], zone, part[0])];
    return fill(t.seen_part, { from, to, caption });
  });
  return <span className="count seen" title={text} data-testid="seen" data-zoomed={part !== null}>{text}</span>;
}
