// A small line of a tag around the moment at which its alarm was raised, with the limit.
import { brief } from "../lib/figures.js";
import { useLive } from "../shell/live.jsx";
import { useWords } from "../lib/usewords.js";
import { fill } from "../lib/words.js";
import { stamp } from "../lib/zone.js";

const WIDTH = 600;
const HEIGHT = 120;

// Points of a line, and where the limit and the raise lie, in the units of the drawing; null without a value.
export function drawn({ bucket, avg }, [from, to], limit) {
  const points = bucket.map((ms, at) => [ms, avg[at]]).filter(([ms, value]) => ms >= from && ms <= to && value !== null);
  if (points.length === 0) return null;
  const values = [...points.map(([, value]) => value), ...(limit === null || limit === undefined ? [] : [limit])];
  const low = Math.min(...values);
  const high = Math.max(...values);
  const x = (ms) => ((ms - from) / (to - from)) * WIDTH;
  const y = (value) => (high === low ? HEIGHT / 2 : HEIGHT - 8 - ((value - low) / (high - low)) * (HEIGHT - 16));
  return { x, y, low, high, path: points.map(([ms, value], at) => `${at ? "L" : "M"}${x(ms).toFixed(1)} ${y(value).toFixed(1)}`).join("") };
}

export function Course({ columns, ends, raised, limit }) {
  const { zone } = useLive();
  const { alarms: al } = useWords();
  const line = drawn(columns, ends, limit);
  if (!line) return <p className="note">{al.no_course}</p>;
  const clock = (ms) => stamp(ms, zone).slice(11, 16);
  const said = fill(al.course, { from: clock(ends[0]), to: clock(ends[1]), low: brief(line.low), high: brief(line.high) });
  const has = limit !== null && limit !== undefined;
  return (
    <figure className="course">
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label={said}>
        {has ? <path className="course-limit" d={`M0 ${line.y(limit)}H${WIDTH}`} /> : null}
        <path className="course-raised" d={`M${line.x(raised)} 0V${HEIGHT}`} />
        <path className="course-line" d={line.path} />
      </svg>
      <figcaption>
        <span>{clock(ends[0])}</span>
        <span>{fill(al.raised_at, { time: clock(raised) })}{has ? ` · ${fill(al.limit_is, { limit: brief(limit) })}` : ""}</span>
        <span>{clock(ends[1])}</span>
      </figcaption>
    </figure>
  );
}
