// The last 30 days of a tag as the band of its hours, with its limits in force and those in the fields.
import { useEffect, useState } from "react";
import { json } from "./ask.js";
import { LIMITS, numberOf } from "./values.js";
import { brief } from "../lib/figures.js";
import { useWords } from "../lib/usewords.js";
import { fill } from "../lib/words.js";

const WIDTH = 600;
const HEIGHT = 160;
const KIND = { min_val: "range", max_val: "range", crit_min: "crit", crit_max: "crit", warn_min: "warn", warn_max: "warn" };

// The band as a path, its line, and where a value lies; null without a bucket.
export function picture({ bucket, min, max, avg }, levels) {
  const at = bucket.map((_, i) => i).filter((i) => min[i] !== null && max[i] !== null);
  if (!at.length) return null;
  const values = [...at.flatMap((i) => [min[i], max[i]]), ...levels];
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const [from, to] = [bucket[at[0]], bucket[at.at(-1)]];
  const x = (i) => (to === from ? WIDTH : ((bucket[i] - from) / (to - from)) * WIDTH).toFixed(1);
  const y = (value) => (high === low ? HEIGHT / 2 : HEIGHT - 6 - ((value - low) / (high - low)) * (HEIGHT - 12)).toFixed(1);
  const line = (indices, of) => indices.map((i) => `${x(i)} ${y(of[i])}`).join("L");
  return { y, low, high, band: `M${line(at, max)}L${line([...at].reverse(), min)}Z`, line: `M${line(at, avg)}` };
}

export function Drawn({ tag, limits, draft, unit }) {
  const { edit: ed, limits: names } = useWords();
  const [columns, setColumns] = useState(null);
  useEffect(() => {
    const query = new URLSearchParams({ tag, window: "30d", format: "columns", columns: "min,max,avg" });
    json(`/api/v1/timeseries?${query}`).then((found) => setColumns(found.columns), () => setColumns({ bucket: [] }));
  }, [tag]);
  const lines = LIMITS.map((name) => ({ name, old: limits[name], now: numberOf(draft[name]) }));
  // A range that is far from the values would press them flat; it is drawn where it lies beside them.
  const levels = lines.filter(({ name }) => KIND[name] !== "range").flatMap(({ old, now }) => [old, now]).filter(Number.isFinite);
  const drawn = columns?.bucket.length ? picture(columns, levels) : null;
  const fits = (level) => Number.isFinite(level) && level >= drawn.low && level <= drawn.high;
  const listed = lines.filter(({ old, now }) => old !== null || now !== null);
  const value = (one) => (one === null ? ed.none : Number.isNaN(one) ? "?" : brief(one));
  return (
    <figure className="limits-drawn">
      {drawn ? (
        <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" role="img"
          aria-label={fill(ed.drawn, { tag, low: brief(drawn.low), high: brief(drawn.high) })}>
          <path className="drawn-band" d={drawn.band} />
          <path className="drawn-line" d={drawn.line} />
          {listed.map(({ name, old, now }) => (
            <g key={name} data-kind={KIND[name]}>
              {fits(old) && old !== now ? <path className="drawn-old" d={`M0 ${drawn.y(old)}H${WIDTH}`} /> : null}
              {fits(now) ? <path className="drawn-new" d={`M0 ${drawn.y(now)}H${WIDTH}`} /> : null}
            </g>
          ))}
        </svg>
      ) : <p className="note">{columns ? ed.no_samples : ed.reading}</p>}
      <figcaption>
        {listed.map(({ name, old, now }) => (
          <span key={name} data-kind={KIND[name]} data-changed={old !== now}>
            {names[name]} {old === now ? value(now) : `${value(old)} → ${value(now)}`} {unit}
          </span>
        ))}
      </figcaption>
    </figure>
  );
}
