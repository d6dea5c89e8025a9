// The card below the rows: it describes one mark of the lane in words.
import { Link } from "react-router";
import { countText, linesOf, periodLinesOf } from "./sentences.js";
import { Symbol } from "./symbols.jsx";

const WIDTH_PX = 340;
const MAX_EVENTS = 5;

export function Card({ mark, room, context, to }) {
  const { x } = context;
  const [{ kind }] = mark.events;
  const width = Math.min(WIDTH_PX, room);
  const left = Math.max(0, Math.min(mark.x - 16, room - width));
  const several = mark.events.length > 1;
  return (
    <div className="lane-card" style={{ left, width }} data-testid="lane-card" onPointerDown={(event) => event.preventDefault()}>
      <p className="lane-card-head"><Symbol kind={kind} priority={mark.priority} />{several ? countText(mark, x) : x[`lane_one_${kind}`]}</p>
      {several ? periodLinesOf(mark, context).map((line) => <p key={line}>{line}</p>) : null}
      {several ? (
        <ul>{mark.events.slice(0, MAX_EVENTS).map((event) => <li key={event.id}>{linesOf(event, context).slice(0, 3).join(" · ")}</li>)}</ul>
      ) : linesOf(mark.events[0], context).map((line, index) => <p key={index} data-first={index === 0}>{line}</p>)}
      {mark.events.length > MAX_EVENTS ? <p>…</p> : null}
      {to ? <Link to={to} tabIndex={-1}>{x[`lane_open_${kind}`]}</Link> : null}
    </div>
  );
}
