// The rows of the lane, one for each kind of event. Each mark is a button at its time; a card describes the mark under the pointer or with the focus.
import { useMemo, useRef, useState } from "react";
import { useNavigate } from "react-router";
import { useExplore } from "../store.jsx";
import { openNote } from "../notes/useAnnotations.js";
import { Card } from "./card.jsx";
import { KINDS, markAfterKey, marksOf, pixel, trackCount } from "./events.js";
import { eventLink } from "./links.js";
import { sentenceOf } from "./sentences.js";
import { Symbol } from "./symbols.jsx";

const TRACK_PX = 20;
// A shift that is wider than this shows its name.
const SHIFT_NAME_PX = 30;
// If there is this much room on the left of the plot, a row shows its name instead of its symbol.
const ROW_NAME_PX = 96;
const MOVE_KEYS = ["ArrowLeft", "ArrowRight", "Home", "End"];

export function Rows({ events, shifts, view, room, context }) {
  const { x, zone, tags, colour } = useExplore();
  const root = useRef(null);
  // The `id` of the mark that the tab key reaches, and of the mark that the card describes.
  const [tabStop, setTabStop] = useState("");
  const [described, setDescribed] = useState("");
  const rows = useMemo(() => KINDS.filter((kind) => kind !== "shift").map((kind) => {
    const marks = marksOf(events.filter((event) => event.kind === kind), view);
    return { kind, marks, height: trackCount(marks) * TRACK_PX };
  }).filter(({ kind }) => events.some((event) => event.kind === kind)), [events, view.left, view.width, view.from, view.to]);
  const marks = rows.flatMap((row) => row.marks);
  const tabStopId = marks.find(({ id }) => id === tabStop)?.id ?? marks.at(-1)?.id;
  const describedMark = marks.find(({ id }) => id === described);
  const { onKeyDown, handlersOf } = useInput({ root, marks, described, setDescribed, setTabStop });
  return (
    <div className="lane-rows" ref={root} role="group" aria-label={x.lane} onKeyDown={onKeyDown} onPointerLeave={() => setDescribed("")}>
      <Shifts shifts={shifts} view={view} label={x.lane_k_shift} />
      {rows.map(({ kind, marks: rowMarks, height }) => (
        <div key={kind} className="lane-row" style={{ height }} data-kind={kind} role="group" aria-label={x[`lane_k_${kind}`]}>
          <span className="lane-of" style={{ width: view.left }} title={x[`lane_k_${kind}`]} aria-hidden="true">
            {view.left >= ROW_NAME_PX ? x[`lane_k_${kind}`] : <Symbol kind={kind} />}
          </span>
          {rowMarks.map((mark) => (
            <button key={mark.id} type="button" className="lane-mark" data-id={mark.id} data-kind={kind} data-priority={mark.priority ?? undefined}
              data-going={mark.ongoing} data-joined={mark.pieces.length > 0} tabIndex={mark.id === tabStopId ? 0 : -1} aria-label={sentenceOf(mark, context)}
              style={styleOf(mark, tags, colour)}
              {...handlersOf(mark)}>
              {mark.pieces.map(({ left, width, merged }) => <i key={`${merged} ${left}`} data-loose={merged} style={{ left, width }} />)}
              {mark.count > 1 ? <span className="lane-count">{mark.count}</span> : <Symbol kind={kind} priority={mark.priority} />}
            </button>
          ))}
        </div>
      ))}
      {describedMark ? <Card mark={describedMark} room={room} context={context} to={eventLink(describedMark, zone)} /> : null}
    </div>
  );
}

// The handlers of keys, pointer and touch: the arrow keys move from mark to mark; Enter and a click open a mark.
function useInput({ root, marks, described, setDescribed, setTabStop }) {
  const { zone, act } = useExplore();
  const navigate = useNavigate();
  const wasDescribed = useRef(false);
  const open = (mark) => {
    if (mark.events[0].kind === "note") {
      act.chooseTool("events");
      openNote(mark.events[0].note);
    }
    const to = eventLink(mark, zone);
    if (to) navigate(to);
  };
  const onKeyDown = (event) => {
    if (event.key === "Escape") setDescribed("");
    if (!MOVE_KEYS.includes(event.key) || event.ctrlKey || event.metaKey || event.altKey) return;
    const next = markAfterKey(marks, event.target.dataset.id, event.key);
    if (!next) return;
    event.preventDefault();
    setTabStop(next.id);
    root.current.querySelector(`[data-id="${CSS.escape(next.id)}"]`)?.focus();
  };
  const handlersOf = (mark) => ({
    // The first touch shows the card; a second touch opens the mark. The focus event comes between the touch and the click and shows the card,
    // so the state before the touch is stored.
    onPointerDown: () => {
      wasDescribed.current = described === mark.id;
    },
    onClick: (event) => (event.nativeEvent.pointerType === "touch" && !wasDescribed.current ? setDescribed(mark.id) : open(mark)),
    onPointerEnter: (event) => event.pointerType !== "touch" && setDescribed(mark.id),
    onFocus: () => {
      setTabStop(mark.id);
      setDescribed(mark.id);
    },
    onBlur: () => setDescribed(""),
  });
  return { onKeyDown, handlersOf };
}

// The position of a mark, and the colour of its tag if all its events are of one tag.
/** @returns {any} */
function styleOf({ x, width, track, tags }, chartTags, colour) {
  const tagColour = tags.length === 1 && chartTags.includes(tags[0]) ? `var(--series-${colour(tags[0])})` : undefined;
  return { left: x, width, top: track * TRACK_PX, "--lane-tag": tagColour };
}

function Shifts({ shifts, view, label }) {
  if (shifts.length === 0) return null;
  return (
    <div className="lane-row" data-kind="shift">
      <span className="lane-of" style={{ width: view.left }} title={label} aria-hidden="true">{view.left >= ROW_NAME_PX ? label : <Symbol kind="shift" />}</span>
      <ul className="lane-shifts" aria-label={label}>
        {shifts.map(({ name, from, to, shaded }) => {
          const start = Math.max(view.left, pixel(from, view));
          const width = Math.min(view.left + view.width, pixel(to, view)) - start;
          return <li key={from} data-shaded={shaded} style={{ left: start, width }} title={name} aria-label={name}>{width > SHIFT_NAME_PX ? name : null}</li>;
        })}
      </ul>
    </div>
  );
}
