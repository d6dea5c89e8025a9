// A chart of a tag's last 30 days, as a band from minimum to maximum, with the limits in force and those in the fields.
import { useEffect, useState } from "react";
import { json } from "./ask.js";
import { HEIGHT, WIDTH, chartPaths } from "./limitpaths.js";
import { LIMITS, numberOf } from "./values.js";
import { brief } from "../lib/figures.js";
import { useWords } from "../lib/usewords.js";
import { fill } from "../lib/words.js";

const KIND = { min_val: "range", max_val: "range", crit_min: "crit", crit_max: "crit", warn_min: "warn", warn_max: "warn" };

export function LimitChart({ tag, limits, draft, unit }) {
  const { edit: ed, limits: names } = useWords();
  const [columns, setColumns] = useState(null);
  useEffect(() => {
    const query = new URLSearchParams({ tag, window: "30d", format: "columns", columns: "min,max,avg" });
    json(`/api/v1/timeseries?${query}`).then((answer) => setColumns(answer.columns), () => setColumns({ bucket: [] }));
  }, [tag]);
  const lines = LIMITS.map((name) => ({ name, old: limits[name], next: numberOf(draft[name]) }));
  // The hard range does not widen the axis, because it may be far from the values and would flatten them.
  const levels = lines.filter(({ name }) => KIND[name] !== "range").flatMap(({ old, next }) => [old, next]).filter(Number.isFinite);
  const paths = columns?.bucket.length ? chartPaths(columns, levels) : null;
  const isVisible = (level) => Number.isFinite(level) && level >= paths.low && level <= paths.high;
  const used = lines.filter(({ old, next }) => old !== null || next !== null);
  const value = (number) => (number === null ? ed.none : Number.isNaN(number) ? "?" : brief(number));
  return (
    <figure className="limits-drawn">
      {paths ? (
        <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" role="img"
          aria-label={fill(ed.drawn, { tag, low: brief(paths.low), high: brief(paths.high) })}>
          <path className="drawn-band" d={paths.band} />
          <path className="drawn-line" d={paths.line} />
          {used.map(({ name, old, next }) => (
            <g key={name} data-kind={KIND[name]}>
              {isVisible(old) && old !== next ? <path className="drawn-old" d={`M0 ${paths.y(old)}H${WIDTH}`} /> : null}
              {isVisible(next) ? <path className="drawn-new" d={`M0 ${paths.y(next)}H${WIDTH}`} /> : null}
            </g>
          ))}
        </svg>
      ) : <p className="note">{columns ? ed.no_samples : ed.reading}</p>}
      <figcaption>
        {used.map(({ name, old, next }) => (
          <span key={name} data-kind={KIND[name]} data-changed={old !== next}>
            {names[name]} {old === next ? value(next) : `${value(old)} → ${value(next)}`} {unit}
          </span>
        ))}
      </figcaption>
    </figure>
  );
}
