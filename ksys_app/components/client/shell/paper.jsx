// What is on paper and not on the screen: of what and of when a page is.
import { useLive } from "./live.jsx";
import { useSeen } from "../chart/seen.jsx";
import { fill } from "../lib/words.js";
import { stamp } from "../lib/zone.js";

// One line a fact: subject, window with its two ends, what the chart shows of it, age of the data, zone.
export function PaperHead({ subjects, name, period, spans, ends, zoom }) {
  const { updatedMs, zone, caption, t } = useLive();
  const span = (ends) => fill(t.paper_span, { from: stamp(ends[0], zone), to: stamp(ends[1], zone) });
  const { window: whole, part } = useSeen(spans[period], ends, zoom);
  const facts = [
    [name, subjects],
    [t.paper_window, caption],
    [t.paper_period, whole ? span(whole) : ""],
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
