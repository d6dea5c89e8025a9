// The number of alarms in each slot of ten minutes as bars, with a line at the limit of a flood. In a long period each bar is
// the largest of several slots.
import { useLive } from "../shell/live.jsx";
import { useWords } from "../lib/usewords.js";
import { fill } from "../lib/words.js";
import { stamp } from "../lib/zone.js";
import { bars } from "./bars.js";

const SLOT_MS = 600_000;
const FLOOD = 10;
const HEIGHT = 80;

export function Slots({ slots, from }) {
  const { zone } = useLive();
  const { alarms: al } = useWords();
  const shown = bars(slots);
  const top = Math.max(FLOOD + 2, ...shown);
  const y = (n) => HEIGHT - (n / top) * HEIGHT;
  const clock = (slot) => stamp(from + slot * SLOT_MS, zone).slice(0, 16);
  const peak = Math.max(0, ...slots);
  const label = peak === 0 ? "" : fill(al.slots_says, { most: String(peak), time: clock(slots.indexOf(peak)) });
  return (
    <figure className="slots">
      <figcaption>{al.slots}</figcaption>
      <svg viewBox={`0 0 ${shown.length} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label={label || al.none_here} data-testid="slots">
        {shown.map((n, place) => (n > 0 ? <rect key={place} x={place} y={y(n)} width={0.8} height={HEIGHT - y(n)} data-flood={n > FLOOD} /> : null))}
        <path d={`M0 ${y(FLOOD)}H${shown.length}`} />
      </svg>
      <p><span>{clock(0)}</span><span>{label}</span><span>{clock(slots.length)}</span></p>
    </figure>
  );
}
