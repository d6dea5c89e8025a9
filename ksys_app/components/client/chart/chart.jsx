// Lines of one tag over a window, from a URL of columns: canvas, cursor, zoom, and all of it in words.
import { useEffect, useMemo, useRef, useState } from "react";
import { useColumns } from "../lib/columns.js";
import { nearest } from "./gaps.js";
import { Digits } from "../grid/digits.jsx";
import { point, seek, useCursor } from "../lib/cursor.js";
import { useLive } from "../shell/live.jsx";
import { lack } from "./panels.js";
import { ChartOnPaper } from "./printed.jsx";
import { Plot } from "./plot.js";
import { reading, spoken as inWords, summary, tip } from "./reading.js";
import { within } from "./seen.js";
import { Spans, useSpans } from "./spans.jsx";
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
  const { data, loading, failed, again } = useColumns(url, version);
  const box = useRef(null);
  const plot = useRef(null);
  const colours = useColours(theme);
  const cursor = useCursor();
  const [spoken, setSpoken] = useState("");
  const [hint, hintAtWheel] = useHint();
  const alarms = useSpans(inAlarm ? name : "", data?.from_ms, data?.to_ms);
  const whole = useMemo(() => {
    if (!data || data.at.length === 0) return null;
    const panels = series.some(({ panel }) => panel === 1) ? 2 : 1;
    // The whole window is drawn, so that a tag that fell silent leaves its end empty.
    const { from_ms: from, to_ms: to } = data;
    return { data, series, bands, shown, limits, zone, t, colours, name, unit, title, caption, panels, from, to, alarms };
  }, [data, series, bands, shown, limits, zone, t, colours, name, unit, title, caption, alarms]);
  // The whole window, and the part of it that is seen: null for all of it.
  const view = useMemo(() => whole && { ...whole, zoom: within(zoom, whole) }, [whole, zoom]);
  const find = (ms) => {
    seek(ms);
    onFind(ms);
  };
  const part = view?.zoom ? fill(t.chart_part, { caption }) : caption;
  const figures = view && reading(view, cursor.ms, places);
  const lacks = useMemo(
    () => (view ? Array.from({ length: view.panels }, (_, panel) => lack(view, panel)) : []), [view],
  );

  useEffect(() => {
    if (!view) return;
    plot.current ??= new Plot(box.current, {
      onZoom: (range) => onZoom(range ?? []),
      onPoint: (ms) => point(ms, "chart"),
      onPick: find,
      onWiden: () => onWiden(),
      onWheel: hintAtWheel,
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

  const move = (step) => {
    const { at } = view.data;
    // Without a cursor the first key puts it at the newest bucket, Home at the oldest.
    const now = cursor.ms > 0 ? nearest(view.data, cursor.ms) : at.length - 1;
    const ms = at[Math.min(Math.max(now + step, 0), at.length - 1)];
    point(ms, "keys");
    setSpoken(inWords(reading(view, ms, places)));
  };
  const pressed = (event) => {
    const act = view && !event.ctrlKey && !event.metaKey && !event.altKey && {
      ArrowRight: () => (event.shiftKey ? plot.current.pan(1) : move(1)),
      ArrowLeft: () => (event.shiftKey ? plot.current.pan(-1) : move(-1)),
      PageDown: () => move(10),
      PageUp: () => move(-10),
      Home: () => move(-Infinity),
      End: () => move(Infinity),
      Enter: () => cursor.ms > 0 && find(cursor.ms),
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
          {series.map((one) => (
            <li key={one.key}>
              <button type="button" aria-pressed={shown.includes(one.key)} data-testid={`legend-${one.key}`}
                onClick={() => onToggle(one.key)}>
                <Swatch {...one} />
                <span>{one.name}</span>
                <output className="legend-value"><Digits text={figures?.values[one.key] ?? ""} /></output>
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
        aria-describedby="chart-summary" data-testid="chart-box" onKeyDown={pressed}
        onPointerDown={(event) => event.currentTarget.focus({ preventScroll: true })} onBlur={() => point(0, "")}>
        {state === "error" ? (
          <div className="chart-note" role="alert" data-testid="chart-error">
            <p>{fill(t.chart_failed, { message: failed.said ? say(words, failed.said) : failed.message })}</p>
            <button type="button" className="control" onClick={again}>{t.retry}</button>
          </div>
        ) : null}
        {state === "empty" ? <p className="chart-note" data-testid="chart-empty">{t.chart_empty}</p> : null}
        {state === "loading" ? <div className="bone chart-bone" aria-hidden="true" /> : null}
        <div className="chart-canvas" ref={box} aria-hidden="true" hidden={!view} />
        <ChartOnPaper view={view} />
        {hint ? <p className="chart-hint" aria-hidden="true" data-testid="chart-hint">{t.chart_wheel}</p> : null}
        {lacks.map((why, at) => (why ? (
          <p key={at} className="chart-note chart-lack" data-panel={`${at + 1}/${lacks.length}`} data-testid="chart-lack">
            {why === "hidden" ? t.chart_hidden : view.zoom ? t.chart_none : t.chart_empty}
          </p>
        ) : null))}
      </div>
      {view ? <Spans tag={name} spans={alarms} from={view.from} to={view.to} /> : null}
      <p id="chart-summary" className="sr-only" data-testid="chart-summary">{view ? summary(view, places) : ""}</p>
      <span className="sr-only" role="status" aria-live="polite">{spoken}</span>
    </figure>
  );
}

const HINT_MS = 1500;

// Whether a hint shows, and what shows it for a moment.
function useHint() {
  const [shown, setShown] = useState(0);
  useEffect(() => {
    if (!shown) return undefined;
    const timer = setTimeout(() => setShown(0), HINT_MS);
    return () => clearTimeout(timer);
  }, [shown]);
  return [shown > 0, () => setShown((times) => times + 1)];
}

// Colours come from the style sheet, so that both themes have their own.
function useColours(theme) {
  const [colours, setColours] = useState(null);
  useEffect(() => setColours(readColours()), [theme]);
  return useMemo(() => colours ?? readColours(), [colours]);
}

function readColours() {
  if (typeof document === "undefined") return { series: [] };
  const style = getComputedStyle(document.documentElement);
  const value = (key) => style.getPropertyValue(`--${key}`).trim();
  const named = Object.fromEntries(
    ["text", "quiet", "hair", "line", "panel", "warn", "warn-text", "crit", "band"].map((key) => [key, value(key)]),
  );
  const series = Array.from({ length: 9 }, (_, n) => value(`series-${n}`));
  return { ...named, series, font: style.fontFamily };
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
