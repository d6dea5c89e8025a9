// The symbol of each kind of event. Each kind has its own shape, so that nobody needs to see colours. An alarm has the shape of its priority.
import { Priority } from "../../alarms/words.jsx";

const SHAPES = {
  shift: <><circle cx="8" cy="8" r="6" /><path d="M8 4.5V8l2.5 1.8" /></>,
  alarm: <path d="M3 11.5h10c-1.2-1.3-1.4-2.8-1.4-4.6a3.6 3.6 0 0 0-7.2 0c0 1.8-.2 3.3-1.4 4.6zM6.7 13.7h2.6" />,
  outage: <path d="M1.5 8h3.2M11.3 8h3.2M6 4.5l4 7M10 4.5l-4 7" />,
  anomaly: <path d="M1 9.5h3l1.6-6 3 10 2-7 1.1 3H15" />,
  change: <><path d="M2.5 5h11M2.5 11h11" /><circle className="lane-knob" cx="10" cy="5" r="2.2" /><circle className="lane-knob" cx="5.5" cy="11" r="2.2" /></>,
  note: <path d="M2 2.5h12v8.5H7.5L4 14v-3H2z" />,
};

export function Symbol({ kind, priority = null, quiet = false }) {
  if (kind === "alarm" && priority) return <Priority priority={priority} quiet={quiet} />;
  return (
    <svg viewBox="0 0 16 16" width="16" height="16" className="lane-symbol" aria-hidden="true" fill="none" stroke="currentColor" strokeWidth="1.5"
      strokeLinecap="round" strokeLinejoin="round">{SHAPES[kind]}</svg>
  );
}
