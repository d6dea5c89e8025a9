// The background of the chart: every second shift is shaded, and a thin line marks the start of each note. It fills the box of the plot.
import { useFrame } from "../frame.js";
import { useBackground } from "./background.js";

// More lines would hide the series.
const MAX_NOTES = 60;

export function Shades() {
  const { shifts, notes } = useBackground();
  const { left, right, from, to } = useFrame();
  const shaded = shifts.filter((shift) => shift.shaded && shift.to > from && shift.from < to);
  const starts = notes.filter((ms) => ms >= from && ms <= to).slice(0, MAX_NOTES);
  if (shaded.length + starts.length === 0) return null;
  const percent = (ms) => ((Math.min(Math.max(ms, from), to) - from) / Math.max(1, to - from)) * 100;
  return (
    <div className="lane-shades" style={{ left, right }} aria-hidden="true">
      {shaded.map((shift) => <i key={shift.from} style={{ left: `${percent(shift.from)}%`, width: `${percent(shift.to) - percent(shift.from)}%` }} />)}
      {starts.map((ms, index) => <b key={index} style={{ left: `${percent(ms)}%` }} />)}
    </div>
  );
}
