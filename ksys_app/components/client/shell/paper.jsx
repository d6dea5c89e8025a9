// The head of a printed page: its subject and its times. The screen does not show it.
import { useLive } from "./live.jsx";
import { useVisibleRange } from "../chart/visiblerange.jsx";
import { fill } from "../lib/words.js";
import { stamp } from "../lib/zone.js";

// One line for each fact: subject, window, the window's two ends, the zoomed part, the time of the data, the zone.
export function PaperHead({ subjects, name, period, spans, ends, zoom }) {
  const { updatedMs, zone, caption, t } = useLive();
  const span = (ends) => fill(t.paper_span, { from: stamp(ends[0], zone), to: stamp(ends[1], zone) });
  const { window, part } = useVisibleRange(spans[period], ends, zoom);
  const facts = [
    [name, subjects],
    [t.paper_window, caption],
    [t.paper_period, window ? span(window) : ""],
    [t.paper_zoom, part ? span(part) : ""],
    [t.paper_data, updatedMs > 0 ? stamp(updatedMs, zone) : ""],
    [t.paper_zone, zone],
  ];
  return (
    <dl className="paper-head" data-testid="paper-head">
      {facts.filter(([, text]) => text).map(([term, text]) => <div key={term}><dt>{term}</dt><dd>{text}</dd></div>)}
    </dl>
  );
}
