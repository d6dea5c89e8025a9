// The lane of events below the chart, on the same time axis: the rows of marks, the buttons that show or hide a kind, and the list of all events.
import { useEffect, useMemo, useState } from "react";
import { useExplore } from "../store.jsx";
import { useFrame } from "../frame.js";
import { at } from "../../lib/paths.js";
import { timeText, useClock } from "../../lib/clock.js";
import { useWords } from "../../lib/usewords.js";
import { fill } from "../../lib/words.js";
import { useAnnotations } from "../notes/useAnnotations.js";
import { setBackground } from "./background.js";
import { countsByKind, hiddenKinds, KINDS, notesOf, storeHiddenKinds, visibleShifts } from "./events.js";
import { EventList } from "./list.jsx";
import { Rows } from "./rows.jsx";
import { Symbol } from "./symbols.jsx";
import { useEvents } from "./useEvents.js";

export function Lane() {
  const { tags, data, x, t, zone } = useExplore();
  const words = useWords();
  const { events: fetched, shifts, manyShifts, failed, again, loaded, units, since } = useEvents();
  const notes = useAnnotations();
  const events = useMemo(() => [...fetched, ...notesOf(notes)], [fetched, notes]);
  const [hidden, setHidden] = useState(hiddenKinds);
  const [box, setBox] = useState(null);
  const room = useWidth(box);
  const frame = useFrame();
  const minute = useClock((now) => Math.floor(now / 60_000));
  const context = useMemo(() => ({
    x, t, words, units, zone, now: minute * 60_000 + 59_999, time: (ms, day) => timeText(ms, zone, day),
  }), [x, t, zone, words, units, minute]);
  const shown = useMemo(() => events.filter(({ kind }) => !hidden.includes(kind)), [events, hidden]);
  const from = frame.to ? frame.from : data?.from ?? 0;
  const view = { left: frame.left, width: Math.max(0, room - frame.left - frame.right), from, to: frame.to || (data?.to ?? 1) };
  const shownShifts = hidden.includes("shift") ? [] : visibleShifts(shifts, view);
  const tooNarrow = shownShifts === null;
  useEffect(() => {
    setBackground({ shifts: tooNarrow || hidden.includes("shift") ? [] : shifts, notes: shown.filter(({ kind }) => kind === "note").map((note) => note.from) });
    return () => setBackground(null);
  }, [shifts, shown, hidden, tooNarrow]);
  if (tags.length === 0 || !data) return null;
  const counts = countsByKind(events);
  const kinds = KINDS.filter((kind) => (kind === "shift" ? shifts.length > 0 || manyShifts : counts[kind] > 0 || since[kind]));
  const toggle = (kind) => {
    const next = hidden.includes(kind) ? hidden.filter((other) => other !== kind) : [...hidden, kind];
    storeHiddenKinds(next);
    setHidden(next);
  };
  return (
    <div className="lane" ref={setBox} data-testid="lane" data-loaded={loaded}>
      <link rel="stylesheet" href={at("/look/lane.css")} precedence="lane" />
      {room > 0 && kinds.length > 0 ? <Rows events={shown} shifts={shownShifts ?? []} view={view} room={room} context={context} /> : null}
      <div className="lane-foot">
        <Kinds kinds={kinds} counts={counts} hidden={hidden} since={since} manyShifts={manyShifts || tooNarrow} onToggle={toggle} />
        {loaded && kinds.every((kind) => kind === "shift") ? <p className="lane-none">{x.lane_none}</p> : null}
        {failed ? (
          <p className="lane-none" role="alert">{x.lane_failed} <button type="button" className="control control-small" onClick={again}>{t.retry}</button></p>
        ) : null}
        {shown.length > 0 ? <EventList events={shown} context={context} label={fill(x.lane_list, { n: shown.length })} /> : null}
      </div>
    </div>
  );
}

// A button for each kind of event, with its count. It shows or hides the events of this kind.
function Kinds({ kinds, counts, hidden, since, manyShifts, onToggle }) {
  const { x, zone } = useExplore();
  if (kinds.length === 0) return null;
  return (
    <div className="lane-kinds" role="group" aria-label={x.lane_kinds}>
      {kinds.map((kind) => (
        <button key={kind} type="button" className="lane-kind" aria-pressed={!hidden.includes(kind)} data-testid={`lane-kind-${kind}`} onClick={() => onToggle(kind)}>
          <Symbol kind={kind} />{x[`lane_k_${kind}`]}{counts[kind] ? <b>{counts[kind]}</b> : null}
          {since[kind] ? <span className="lane-many">{fill(x.lane_since, { time: timeText(since[kind], zone, 0).slice(0, 10) })}</span> : null}
          {kind === "shift" && manyShifts ? <span className="lane-many">{x.lane_shifts_many}</span> : null}
        </button>
      ))}
    </div>
  );
}

// The width of an element in px; 0 until it is measured.
function useWidth(node) {
  const [width, setWidth] = useState(0);
  useEffect(() => {
    if (!node) return undefined;
    const observer = new ResizeObserver(([entry]) => setWidth(Math.floor(entry.contentRect.width)));
    observer.observe(node);
    return () => observer.disconnect();
  }, [node]);
  return width;
}
