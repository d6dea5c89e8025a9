// The bad actors: how often the alarms of tags were annunciated in 30 days, and their ranks. /alarms/kpi has the same figures.
import { useEffect, useState } from "react";
import { Link } from "react-router";
import { json } from "./ask.js";
import { brief } from "../lib/figures.js";
import { useWords } from "../lib/usewords.js";
import { counted } from "../lib/words.js";

const SPAN_MS = 30 * 86_400_000;

/**
 * The ranked alarms of one tag or of all: null while they load, false if they cannot be loaded.
 * @param {string} [tag]
 */
export function useActors(tag) {
  const [answer, setAnswer] = useState(null);
  useEffect(() => {
    const stop = new AbortController();
    const query = new URLSearchParams({ from: new Date(Date.now() - SPAN_MS).toISOString(), ...(tag ? { tag } : {}) });
    json(`/api/v1/alarms/bad_actors?${query}`, { signal: stop.signal }).then(setAnswer, () => stop.signal.aborted || setAnswer(false));
    return () => stop.abort();
  }, [tag]);
  return answer;
}

// The rank of an alarm as text: `no. 1 of 34: 212 alarms, 18 %`.
export const rankText = (actor, total, ed) =>
  counted(ed.actor_place, actor.count, { place: String(actor.place), of: String(total), share: brief(Number((100 * actor.share).toPrecision(2))) });

export function Actors({ tag }) {
  const { edit: ed } = useWords();
  const answer = useActors(tag);
  if (!answer) return <p className="note" data-testid="limits-actors">{answer === false ? ed.actors_failed : ed.reading}</p>;
  return (
    <section className="limits-actors" aria-label={ed.actors} data-testid="limits-actors">
      <h3>{ed.actors}</h3>
      {answer.actors.length ? (
        <ul>
          {answer.actors.map((actor) => (
            <li key={actor.condition}>
              <Link to={`/alarms/journal?${new URLSearchParams({ span: "30d", tag, condition: actor.condition })}`}>{ed[`cond_${actor.condition}`]}</Link>{" "}
              {rankText(actor, answer.ranked, ed)}
            </li>
          ))}
        </ul>
      ) : <p className="note">{ed.no_actors}</p>}
      <Link to="/alarms/kpi?span=30d">{ed.to_actors}</Link>
    </section>
  );
}
