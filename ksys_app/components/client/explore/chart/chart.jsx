// The chart of the workbench: up to nine tags over one time, with cursor, zoom, selected part, and a description in words.
import { useEffect, useMemo, useRef, useState } from "react";
import { useColours } from "../../chart/colours.js";
import { useHint } from "../../chart/hint.js";
import { nearest } from "../../chart/gaps.js";
import { ChartOnPaper } from "../../chart/printed.jsx";
import { zoomWithin } from "../../chart/zoom.js";
import { point } from "../../lib/cursor.js";
import { useWords } from "../../lib/usewords.js";
import { fill, say } from "../../lib/words.js";
import { Shades } from "../lane/shades.jsx";
import { comparedEnds } from "../stats/model.js";
import { useExplore } from "../store.jsx";
import { entriesOf, timesOf } from "./entries.js";
import { printedChart } from "./picture.js";
import { Plot } from "./plot.js";
import { summary, tip, valuesSentence } from "./reading.js";
import { heightOf, panelsOfView } from "./scene.js";
import { Silent } from "./silent.jsx";
import { Tools } from "./tools.jsx";

const MIN_HEIGHT_PX = 320;

export function Chart() {
  const explore = useExplore();
  const { tags, data, loading, failed, again, cursor, part, act, x, t, caption, setPlot } = explore;
  const words = useWords();
  const box = useRef(null);
  const plot = useRef(null);
  const [selecting, setSelecting] = useState(false);
  const [hint, hintAtWheel] = useHint();
  const view = useView(explore, selecting);
  const summaryText = useMemo(() => (view ? summary(view) : ""), [view]);
  const [announcement, keyPressed] = useKeys({ view, plot, cursor, part, act, x });

  // The handlers of the plot live as long as it; they call what the last render has set here.
  const handlers = useRef(null);
  handlers.current = { act, hintAtWheel };
  useEffect(() => {
    if (!view) {
      plot.current?.dispose();
      plot.current = null;
      setPlot(null);
      return;
    }
    if (!plot.current) {
      plot.current = new Plot(box.current, {
        onZoom: (range) => handlers.current.act.setZoom(range ?? []),
        onPoint: (ms) => point(ms, "chart"),
        onPart: (range) => handlers.current.act.setPart(range ?? []),
        onWiden: () => handlers.current.act.widen(),
        onWheel: () => handlers.current.hintAtWheel(),
      });
      setPlot(plot.current);
    }
    plot.current.draw({ ...view, cursor, part: partRange(part) });
  }, [view]);
  useEffect(() => () => {
    plot.current?.dispose();
    plot.current = null;
  }, []);
  useEffect(() => plot.current?.mark({ cursor, part: partRange(part) }), [cursor, part]);

  const state = failed && !data ? "error" : view ? "drawn" : loading ? "loading" : "empty";
  const label = fill(t.chart_label, { name: tags.join(", "), caption });
  return (
    <figure className="explore-figure" data-testid="explore-plot" data-state={state} data-points={view?.rowCount ?? 0}
      data-zoomed={explore.zoom.length === 2} data-part={part.length === 2}>
      <Tools view={view} plot={plot} selecting={selecting} setSelecting={setSelecting} />
      <div className="explore-box" tabIndex={0} role="application" aria-label={label} aria-describedby="explore-keys explore-summary"
        style={{ height: view?.boxHeight ?? MIN_HEIGHT_PX }} data-testid="explore-box" onKeyDown={keyPressed}
        onPointerDown={(event) => !onEdge(event) && !onButton(event) && event.currentTarget.focus({ preventScroll: true })}
        onBlur={(event) => !event.currentTarget.contains(event.relatedTarget) && point(0, "")}>
        <Shades />
        <div className="explore-plot" ref={box} hidden={!view} data-selecting={selecting} />
        {state === "error" ? (
          <div className="chart-note" role="alert" data-testid="chart-error">
            <p>{fill(t.chart_failed, { message: failed.said ? say(words, failed.said) : failed.message })}</p>
            <button type="button" className="control" onClick={again}>{t.retry}</button>
          </div>
        ) : null}
        {state === "loading" ? <div className="bone chart-bone" aria-hidden="true" /> : null}
        {state === "empty" || (view && view.emptyReason) ? (
          <p className="chart-note chart-lack" data-testid="chart-lack">
            {view?.emptyReason === "hidden" ? x.plot_hidden : view?.zoom ? t.chart_none : t.chart_empty}
            {view?.emptyReason === "none" && tags.length === 1 ? <Silent tag={tags[0]} unit={view.entries[0].unit} title={view.entries[0].title} /> : null}
          </p>
        ) : null}
        {hint ? <p className="chart-hint" aria-hidden="true">{x.plot_wheel}</p> : null}
      </div>
      <ChartOnPaper view={view} draw={printedChart} />
      <p id="explore-keys" className="sr-only">{x.plot_keys}</p>
      <p id="explore-summary" className="sr-only" data-testid="chart-summary">{summaryText}</p>
      <span className="sr-only" role="status" aria-live="polite">{announcement}</span>
    </figure>
  );
}

// The selected part as a range, null without one.
const partRange = (part) => (part.length === 2 ? part : null);
// Whether an event happened on an edge of the selected part.
const onEdge = (event) => event.target.closest("[role=slider]") !== null;
// Whether an event happened on a button inside of the chart, which has its own keys.
const onButton = (event) => event.target.closest("button") !== null;

// The view that the plot draws, null without an answer. The object is the same as long as nothing in it changes.
function useView({ data, hidden, colour, layout, difference, zoom, theme, zone, caption, range, x, t }, selecting) {
  const colours = useColours(theme);
  const entries = useMemo(() => (data ? entriesOf({ data, hidden, colour }) : []), [data, hidden]);
  const look = useMemo(
    () => ({ ...colours, zone, samples: data?.bucketS === 0, percent: x.plot_percent }), [colours, zone, data?.bucketS === 0, x],
  );
  return useMemo(() => {
    if (!data || data.from >= data.to) return null;
    const shown = entries.filter((entry) => !entry.hidden);
    const rowCount = entries.reduce((sum, { line }) => sum + line.at.length, 0);
    const comparison = data.series.find((series) => series.compare)?.compare;
    const view = {
      entries, layout, difference, from: data.from, to: data.to, zoom: zoomWithin(zoom, data), bucketS: data.bucketS, step: data.bucketS * 2000,
      look, selecting, comparedTimes: comparison ? (ends) => comparedEnds(comparison, ends) ?? [comparison.from, comparison.to] : null,
      words: { from: x.plot_part_from, to: x.plot_part_to }, t, x, caption, range, rowCount,
      emptyReason: shown.length === 0 ? "hidden" : shown.every(({ line }) => line.at.length === 0) ? "none" : "",
    };
    return { ...view, boxHeight: heightOf(panelsOfView(view), Math.max(MIN_HEIGHT_PX, minHeightOfWindow())), readout: (ms) => tip(view, ms) };
  }, [data, entries, look, layout, difference, zoom, caption, range, x, t, selecting]);
}

const minHeightOfWindow = () => (typeof window === "undefined" ? 0 : Math.min(560, window.innerHeight * 0.46));

// The last announcement for a screen reader, and the handler of the keys of the chart.
function useKeys({ view, plot, cursor, part, act, x }) {
  const [announcement, setAnnouncement] = useState("");
  // The time at which the first Enter began a part, 0 without one.
  const [partStart, setPartStart] = useState(0);
  const cached = useRef(/** @type {any} */ ({}));
  const move = (step) => {
    // The times of all tags are collected at the first key, because only keys need them.
    if (cached.current.entries !== view.entries) cached.current = { entries: view.entries, times: timesOf(view.entries) };
    const { times } = cached.current;
    if (times.length === 0) return;
    const [from, to] = view.range;
    const last = times.findLastIndex((ms) => ms <= to);
    const first = times.findIndex((ms) => ms >= from);
    // Without a cursor the first key puts it at the newest visible bucket.
    const current = cursor.ms > 0 ? nearest({ at: times }, cursor.ms) : last;
    const ms = times[Math.min(Math.max(current + step, first), last)];
    point(ms, "keys");
    setAnnouncement(valuesSentence(view, ms));
  };
  const setPartEnd = () => {
    if (cursor.ms === 0) return;
    if (partStart > 0 && partStart !== cursor.ms) act.setPart([partStart, cursor.ms].sort((a, b) => a - b));
    setAnnouncement(partStart > 0 ? x.plot_part_set : x.plot_part_begun);
    setPartStart(partStart > 0 ? 0 : cursor.ms);
  };
  const escape = () => {
    if (partStart > 0) setPartStart(0);
    else if (part.length === 2) act.setPart([]);
    else point(0, "");
  };
  const keyPressed = (event) => {
    const action = view && plot.current && !onButton(event) && !event.ctrlKey && !event.metaKey && !event.altKey && {
      ArrowRight: () => (event.shiftKey ? plot.current.pan(0.25) : move(1)),
      ArrowLeft: () => (event.shiftKey ? plot.current.pan(-0.25) : move(-1)),
      PageDown: () => move(10), PageUp: () => move(-10), Home: () => move(-Infinity), End: () => move(Infinity),
      Enter: setPartEnd, Escape: escape,
      "+": () => plot.current.zoomBy(0.5), "=": () => plot.current.zoomBy(0.5), "-": () => plot.current.zoomBy(2), 0: () => plot.current.zoom(null),
    }[event.key];
    if (!action) return;
    event.preventDefault();
    action();
  };
  return /** @type {[string, (event: any) => void]} */ ([announcement, keyPressed]);
}
