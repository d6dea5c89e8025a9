// How often the alarms of tags were announced in 30 days, and their places among all: as on /alarms/kpi, from the same figures.
import { useEffect, useState } from "react";
import { Link } from "react-router";
import { json } from "./ask.js";
import { brief } from "../lib/figures.js";
import { useWords } from "../lib/usewords.js";
import { counted } from "../lib/words.js";

const SPAN_MS = 30 * 86_400_000;

/**
 * The answer about one tag or all: null while it is read, false where it cannot be read.
 * @param {string} [tag]
 */
export function useActors(tag) {
  const [found, setFound] = useState(null);
  useEffect(() => {
    const stop = new AbortController();
    const query = new URLSearchParams({ from: new Date(Date.now() - SPAN_MS).toISOString(), ...(tag ? { tag } : {}) });
    json(`/api/v1/alarms/bad_actors?${query}`, { signal: stop.signal }).then(setFound, () => stop.signal.aborted || setFound(false));
    return () => stop.abort();
  }, [tag]);
  return found;
}

// `no. 1 of 34: 212 alarms, 18 %`
export const placed = (one, of, ed) =>
  counted(ed.actor_place, one.count, { place: String(one.place), of: String(of), share: brief(Number((100 * one.share).toPrecision(2))) });

export function Actors({ tag }) {
  const { edit: ed } = useWords();
  const found = useActors(tag);
  if (!found) return <p className="note" data-testid="limits-actors">{found === false ? ed.actors_failed : ed.reading}</p>;
  return (
    <section className="limits-actors" aria-label={ed.actors} data-testid="limits-actors">
      <h3>{ed.actors}</h3>
      {found.actors.length ? (
        <ul>
          {found.actors.map((one) => (
            <li key={one.condition}>
              <Link to={`/alarms/journal?${new URLSearchParams({ span: "30d", tag, condition: one.condition })}`}>{ed[`cond_${one.condition}`]}</Link>{" "}
              {placed(one, found.ranked, ed)}
            </li>
          ))}
        </ul>
      ) : <p className="note">{ed.no_actors}</p>}
      <Link to="/alarms/kpi?span=30d">{ed.to_actors}</Link>
    </section>
  );
}
