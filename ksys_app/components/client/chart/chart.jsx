// The chart of one tag over a window: lines on a canvas, cursor, zoom, and the same content as text for screen readers.
import { useEffect, useMemo, useRef, useState } from "react";
import { useColumns } from "../lib/columns.js";
import { useColours } from "./colours.js";
import { nearest } from "./gaps.js";
import { useHint } from "./hint.js";
import { Digits } from "../grid/digits.jsx";
import { point, seek, useCursor } from "../lib/cursor.js";
import { useLive } from "../shell/live.jsx";
import { emptyReason } from "./panels.js";
import { ChartOnPaper } from "./printed.jsx";
import { Plot } from "./plot.js";
import { reading, sentence as toSentence, summary, tip } from "./reading.js";
import { zoomWithin } from "./zoom.js";
import { AlarmSpans, useAlarmSpans } from "./alarmspans.jsx";
import { DASHES, LINE, SHAPES, hollow } from "./swatch.js";
import { useWords } from "../lib/usewords.js";
import { fill, say } from "../lib/words.js";

const STEP_IN = 0.5;
const STEP_OUT = 2;

export function Chart({
  url, version, theme, series, bands, shown, limits, places, zoom, name, unit, title, caption, inAlarm, onToggle, onZoom, onWiden, onFind,
}) {
  const { zone, t } = useLive();
  const words = useWords();
  const { data, loading, failed, again: retry } = useColumns(url, version);
  const box = useRef(null);
  const plot = useRef(null);
  const colours = useColours(theme);
  const cursor = useCursor();
  const [announcement, setAnnouncement] = useState("");
  const [hint, showHint] = useHint();
  const alarms = useAlarmSpans(inAlarm ? name : "", data?.from_ms, data?.to_ms);
  const windowView = useMemo(() => {
    if (!data || data.at.length === 0) return null;
    const panels = series.some(({ panel }) => panel === 1) ? 2 : 1;
    // The axis covers the window up to its end, so that a silent tag leaves an empty part.
    const { from_ms: from, to_ms: to } = data;
    return { data, series, bands, shown, limits, zone, t, colours, name, unit, title, caption, panels, from, to, alarms };
  }, [data, series, bands, shown, limits, zone, t, colours, name, unit, title, caption, alarms]);
  // The same with the visible part as `zoom`, null if all of the window is visible.
  const view = useMemo(() => windowView && { ...windowView, zoom: zoomWithin(zoom, windowView) }, [windowView, zoom]);
  const findRow = (ms) => {
    seek(ms);
    onFind(ms);
  };
  const part = view?.zoom ? fill(t.chart_part, { caption }) : caption;
  const figures = view && reading(view, cursor.ms, places);
  const emptyReasons = useMemo(
    () => (view ? Array.from({ length: view.panels }, (_, panel) => emptyReason(view, panel)) : []), [view],
  );

  useEffect(() => {
    if (!view) return;
    plot.current ??= new Plot(box.current, {
      onZoom: (range) => onZoom(range ?? []),
      onPoint: (ms) => point(ms, "chart"),
      onPick: findRow,
      onWiden: () => onWiden(),
      onWheel: showHint,
    });
    plot.current.draw({ ...view, readout: (ms) => tip(view, ms, places) });
  }, [view]);
  useEffect(() => () => {
    plot.current?.dispose();
    plot.current = null;
  }, []);
  useEffect(() => {
    if (!view && plot.current) {
      plot.current.dispose();
      plot.current = null;
    }
  }, [view]);
  useEffect(() => {
    if (cursor.by !== "chart") plot.current?.mark(cursor.ms);
  }, [cursor]);

  const moveCursor = (step) => {
    const { at } = view.data;
    // Without a cursor the first key sets it to the newest bucket, Home to the oldest.
    const now = cursor.ms > 0 ? nearest(view.data, cursor.ms) : at.length - 1;
    const ms = at[Math.min(Math.max(now + step, 0), at.length - 1)];
    point(ms, "keys");
    setAnnouncement(toSentence(reading(view, ms, places)));
  };
  const onKeyDown = (event) => {
    const act = view && !event.ctrlKey && !event.metaKey && !event.altKey && {
      ArrowRight: () => (event.shiftKey ? plot.current.pan(1) : moveCursor(1)),
      ArrowLeft: () => (event.shiftKey ? plot.current.pan(-1) : moveCursor(-1)),
      PageDown: () => moveCursor(10),
      PageUp: () => moveCursor(-10),
      Home: () => moveCursor(-Infinity),
      End: () => moveCursor(Infinity),
      Enter: () => cursor.ms > 0 && findRow(cursor.ms),
      Escape: () => point(0, ""),
      "+": () => plot.current.zoomBy(STEP_IN),
      "=": () => plot.current.zoomBy(STEP_IN),
      "-": () => plot.current.zoomBy(STEP_OUT),
      0: () => plot.current.zoom(null),
    }[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  };
  const save = async () => {
    const link = document.createElement("a");
    link.href = await plot.current.image();
    link.download = plot.current.filename();
    link.click();
  };
  const state = failed && !data ? "error" : view ? "drawn" : loading ? "loading" : "empty";
  return (
    <figure className="chart" data-testid="chart" data-state={state} data-points={data?.at.length ?? 0}
      data-zoomed={zoom.length === 2}>
      <div className="chart-head">
        <ul className="legend" aria-label={t.chart_series}>
          {series.map((line) => (
            <li key={line.key}>
              <button type="button" aria-pressed={shown.includes(line.key)} data-testid={`legend-${line.key}`}
                onClick={() => onToggle(line.key)}>
                <Swatch {...line} />
                <span>{line.name}</span>
                <output className="legend-value"><Digits text={figures?.values[line.key] ?? ""} /></output>
              </button>
            </li>
          ))}
        </ul>
        <div className="chart-side">
          <time className="chart-time">{figures?.time}</time>
          <div className="chart-tools">
            <button type="button" className="tool" disabled={!view} aria-label={t.chart_in} title={`${t.chart_in} (+)`}
              data-testid="zoom-in" onClick={() => plot.current.zoomBy(STEP_IN)}>+</button>
            <button type="button" className="tool" disabled={!view} aria-label={view?.zoom ? t.chart_out : t.chart_wider}
              title={`${view?.zoom ? t.chart_out : t.chart_wider} (-)`}
              data-testid="zoom-out" onClick={() => plot.current.zoomBy(STEP_OUT)}>−</button>
            <button type="button" className="tool" disabled={!view || zoom.length !== 2} data-testid="zoom-reset"
              title={`${t.chart_reset} (0)`} onClick={() => plot.current.zoom(null)}>{t.chart_reset}</button>
            <button type="button" className="tool" disabled={!view} data-testid="png" onClick={save}>{t.chart_png}</button>
          </div>
        </div>
      </div>
      <div className="chart-box" tabIndex={0} role="application" aria-label={fill(t.chart_label, { name, caption: part })}
        aria-describedby="chart-summary" data-testid="chart-box" onKeyDown={onKeyDown}
        onPointerDown={(event) => event.currentTarget.focus({ preventScroll: true })} onBlur={() => point(0, "")}>
        {state === "error" ? (
          <div className="chart-note" role="alert" data-testid="chart-error">
            <p>{fill(t.chart_failed, { message: failed.said ? say(words, failed.said) : failed.message })}</p>
            <button type="button" className="control" onClick={retry}>{t.retry}</button>
          </div>
        ) : null}
        {state === "empty" ? <p className="chart-note" data-testid="chart-empty">{t.chart_empty}</p> : null}
        {state === "loading" ? <div className="bone chart-bone" aria-hidden="true" /> : null}
        <div className="chart-canvas" ref={box} aria-hidden="true" hidden={!view} />
        <ChartOnPaper view={view} />
        {hint ? <p className="chart-hint" aria-hidden="true" data-testid="chart-hint">{t.chart_wheel}</p> : null}
        {emptyReasons.map((reason, at) => (reason ? (
          <p key={at} className="chart-note chart-lack" data-panel={`${at + 1}/${emptyReasons.length}`} data-testid="chart-lack">
            {reason === "hidden" ? t.chart_hidden : view.zoom ? t.chart_none : t.chart_empty}
          </p>
        ) : null))}
      </div>
      {view ? <AlarmSpans tag={name} spans={alarms} from={view.from} to={view.to} /> : null}
      <p id="chart-summary" className="sr-only" data-testid="chart-summary">{view ? summary(view, places) : ""}</p>
      <span className="sr-only" role="status" aria-live="polite">{announcement}</span>
    </figure>
  );
}

function Swatch({ color, dash, symbol, width }) {
  const paint = `var(--series-${color})`;
  return (
    <svg viewBox="0 0 28 10" width="28" height="10" aria-hidden="true" className="swatch">
      <path d={LINE} stroke={paint} strokeWidth={width} strokeDasharray={DASHES[dash].join(" ")} fill="none" />
      <path d={SHAPES[symbol]} fill={hollow(symbol) ? "var(--panel)" : paint} stroke={paint} />
    </svg>
  );
}
