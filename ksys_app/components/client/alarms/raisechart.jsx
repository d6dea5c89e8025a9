// A small chart of a tag around the time at which its alarm was raised, with the limit.
import { brief } from "../lib/figures.js";
import { useLive } from "../shell/live.jsx";
import { useWords } from "../lib/usewords.js";
import { fill } from "../lib/words.js";
import { stamp } from "../lib/zone.js";

const WIDTH = 600;
const HEIGHT = 120;

// The path of the line and the scales `x` and `y`, in the units of the SVG; null if there is no value.
export function linePath({ bucket, avg }, [from, to], limit) {
  const points = bucket.map((ms, at) => [ms, avg[at]]).filter(([ms, value]) => ms >= from && ms <= to && value !== null);
  if (points.length === 0) return null;
  const values = [...points.map(([, value]) => value), ...(limit === null || limit === undefined ? [] : [limit])];
  const low = Math.min(...values);
  const high = Math.max(...values);
  const x = (ms) => ((ms - from) / (to - from)) * WIDTH;
  const y = (value) => (high === low ? HEIGHT / 2 : HEIGHT - 8 - ((value - low) / (high - low)) * (HEIGHT - 16));
  return { x, y, low, high, path: points.map(([ms, value], at) => `${at ? "L" : "M"}${x(ms).toFixed(1)} ${y(value).toFixed(1)}`).join("") };
}

export function RaiseChart({ columns, range, raised, limit }) {
  const { zone } = useLive();
  const { alarms: al } = useWords();
  const line = linePath(columns, range, limit);
  if (!line) return <p className="note">{al.no_course}</p>;
  const clock = (ms) => stamp(ms, zone).slice(11, 16);
  const label = fill(al.course, { from: clock(range[0]), to: clock(range[1]), low: brief(line.low), high: brief(line.high) });
  const hasLimit = limit !== null && limit !== undefined;
  return (
    <figure className="course">
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label={label}>
        {hasLimit ? <path className="course-limit" d={`M0 ${line.y(limit)}H${WIDTH}`} /> : null}
        <path className="course-raised" d={`M${line.x(raised)} 0V${HEIGHT}`} />
        <path className="course-line" d={line.path} />
      </svg>
      <figcaption>
        <span>{clock(range[0])}</span>
        <span>{fill(al.raised_at, { time: clock(raised) })}{hasLimit ? ` · ${fill(al.limit_is, { limit: brief(limit) })}` : ""}</span>
        <span>{clock(range[1])}</span>
      </figcaption>
    </figure>
  );
}
