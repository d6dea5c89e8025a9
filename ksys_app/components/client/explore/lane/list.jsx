// The list of all shown events in words, the newest first.
import { useState } from "react";
import { Link } from "react-router";
import { usePaper } from "../../lib/usepaper.js";
import { fill } from "../../lib/words.js";
import { tagsOf } from "./events.js";
import { eventLink } from "./links.js";
import { linesOf } from "./sentences.js";
import { Symbol } from "./symbols.jsx";

const MAX_ROWS = 100;
// The list adds the name of these kinds. For the other kinds, the first line names the kind already.
const KINDS_TO_NAME = ["alarm", "outage", "note"];

export function EventList({ events, context, label }) {
  const [open, setOpen] = useState(false);
  // The list is open on paper; after printing it is as it was before.
  const paper = usePaper();
  return (
    <details className="lane-list" data-testid="lane-list" open={open || paper} onToggle={(event) => !paper && setOpen(event.currentTarget.open)}>
      <summary>{paper ? context.x.tool_events : label}</summary>
      {open || paper ? <Entries events={events} context={context} /> : null}
    </details>
  );
}

function Entries({ events, context }) {
  const { x, zone } = context;
  const newest = [...events].sort((a, b) => b.from - a.from);
  return (
    <>
      <ul>
        {newest.slice(0, MAX_ROWS).map((event) => {
          const to = eventLink({ events: [event], tags: tagsOf(event) }, zone);
          return (
            <li key={event.id}>
              <Symbol kind={event.kind} priority={event.priority} quiet={!event.ongoing} />
              <span>{KINDS_TO_NAME.includes(event.kind) && event.count === 1 ? `${x[`lane_one_${event.kind}`]}: ` : ""}{linesOf(event, context).join(" · ")}</span>
              {to ? <Link to={to}>{x[`lane_open_${event.kind}`]}</Link> : null}
            </li>
          );
        })}
      </ul>
      {newest.length > MAX_ROWS ? <p className="lane-none">{fill(x.lane_more, { n: newest.length - MAX_ROWS })}</p> : null}
    </>
  );
}
