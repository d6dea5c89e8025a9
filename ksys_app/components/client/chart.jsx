// Lines of one tag over a window, from a URL of columns: canvas, cursor, zoom, and all of it in words.
import { useEffect, useMemo, useRef, useState } from "react";
import { useColumns } from "./columns.js";
import { nearest } from "./holes.js";
import { fill } from "./clock.js";
import { point, useCursor } from "./cursor.js";
import { useLive } from "./live.jsx";
import { Plot } from "./plot.js";
import { stamp } from "./zone.js";

const STEP_IN = 0.5;
const STEP_OUT = 2;

export function Chart({
  url, version, theme, series, bands, shown, limits, places, zoom, name, caption, onToggle, onZoom, onFind,
}) {
  const { zone, t } = useLive();
  const { data, loading, failed, again } = useColumns(url, version);
  const box = useRef(null);
  const plot = useRef(null);
  const colours = useColours(theme);
  const cursor = useCursor();
  const [spoken, setSpoken] = useState("");
  const view = useMemo(() => {
    if (!data || data.at.length === 0) return null;
    const panels = series.some(({ panel }) => panel === 1) ? 2 : 1;
    // The whole window is drawn, so that a tag that fell silent leaves its end empty.
    const { from_ms: from, to_ms: to } = data;
    return { data, series, bands, shown, limits, zone, t, colours, name, caption, panels, from, to };
  }, [data, series, bands, shown, limits, zone, t, colours, name, caption]);
  const figures = view && reading(view, cursor.ms, places);

  useEffect(() => {
    if (!view) return;
    plot.current ??= new Plot(box.current, {
      onZoom: (range) => onZoom(range ?? []),
      onPoint: (ms) => point(ms, "chart"),
      onPick: (ms) => onFind(ms),
    });
    plot.current.draw({ ...view, zoom: within(zoom, view), readout: ([first]) => first && html(view, first.axisValue, places) });
  }, [view, zoom]);
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
    setSpoken(words(reading(view, ms, places)));
  };
  const pressed = (event) => {
    const act = view && !event.ctrlKey && !event.metaKey && !event.altKey && {
      ArrowRight: () => (event.shiftKey ? plot.current.pan(1) : move(1)),
      ArrowLeft: () => (event.shiftKey ? plot.current.pan(-1) : move(-1)),
      PageDown: () => move(10),
      PageUp: () => move(-10),
      Home: () => move(-Infinity),
      End: () => move(Infinity),
      Enter: () => cursor.ms > 0 && onFind(cursor.ms),
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
  const save = () => {
    const link = document.createElement("a");
    link.href = plot.current.image();
    link.download = `${name.replaceAll(/[^\p{L}\p{N}_-]+/gu, "_")}.png`;
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
                <output className="legend-value">{figures?.values[one.key] ?? ""}</output>
              </button>
            </li>
          ))}
        </ul>
        <time className="chart-time">{figures && cursor.ms > 0 ? figures.time : ""}</time>
        <div className="chart-tools">
          <button type="button" className="tool" disabled={!view} aria-label={t.chart_in} title={`${t.chart_in} (+)`}
            data-testid="zoom-in" onClick={() => plot.current.zoomBy(STEP_IN)}>+</button>
          <button type="button" className="tool" disabled={!view} aria-label={t.chart_out} title={`${t.chart_out} (-)`}
            data-testid="zoom-out" onClick={() => plot.current.zoomBy(STEP_OUT)}>−</button>
          <button type="button" className="tool" disabled={!view || zoom.length !== 2} data-testid="zoom-reset"
            title={`${t.chart_reset} (0)`} onClick={() => plot.current.zoom(null)}>{t.chart_reset}</button>
          <button type="button" className="tool" disabled={!view} data-testid="png" onClick={save}>{t.chart_png}</button>
        </div>
      </div>
      <div className="chart-box" tabIndex={0} role="application" aria-label={fill(t.chart_label, { name, caption })}
        aria-describedby="chart-summary" data-testid="chart-box" onKeyDown={pressed} onBlur={() => point(0, "")}>
        {state === "error" ? (
          <div className="chart-note" role="alert" data-testid="chart-error">
            <p>{fill(t.chart_failed, { message: failed.message })}</p>
            <button type="button" className="control" onClick={again}>{t.retry}</button>
          </div>
        ) : null}
        {state === "empty" ? <p className="chart-note" data-testid="chart-empty">{t.chart_empty}</p> : null}
        {state === "loading" ? <div className="bone chart-bone" aria-hidden="true" /> : null}
        <div className="chart-canvas" ref={box} aria-hidden="true" hidden={!view} />
      </div>
      <p id="chart-summary" className="sr-only" data-testid="chart-summary">{view ? summary(view, places) : ""}</p>
      <span className="sr-only" role="status" aria-live="polite">{spoken}</span>
    </figure>
  );
}

const within = (zoom, { from, to }) =>
  zoom.length === 2 && zoom[0] < to && zoom[1] > from ? [Math.max(zoom[0], from), Math.min(zoom[1], to)] : null;

// Colours come from the style sheet, so that both themes and paper have their own.
function useColours(theme) {
  const [medium, setMedium] = useState("screen");
  useEffect(() => {
    const print = window.matchMedia("print");
    const changed = () => setMedium(print.matches ? "print" : "screen");
    print.addEventListener("change", changed);
    return () => print.removeEventListener("change", changed);
  }, []);
  const [colours, setColours] = useState(null);
  useEffect(() => setColours(readColours()), [theme, medium]);
  return useMemo(() => colours ?? readColours(), [colours]);
}

function readColours() {
  if (typeof document === "undefined") return { series: [] };
  const style = getComputedStyle(document.documentElement);
  const value = (key) => style.getPropertyValue(`--${key}`).trim();
  const named = Object.fromEntries(
    ["text", "quiet", "hair", "line", "panel", "warn", "crit", "band"].map((key) => [key, value(key)]),
  );
  const series = Array.from({ length: 9 }, (_, n) => value(`series-${n}`));
  return { ...named, series, font: style.fontFamily };
}

const figure = (value, places) => (value === null || value === undefined ? "–" : value.toFixed(places));

// Every series at the bucket nearest to a time; at the newest one where none is pointed at.
function reading({ data, series, zone }, ms, places) {
  const i = ms > 0 ? nearest(data, ms) : data.at.length - 1;
  const values = Object.fromEntries(series.map(({ key }) => [key, figure(data.columns[key][i], places)]));
  return { time: stamp(data.at[i], zone), values, names: series };
}

const words = ({ time, values, names }) =>
  [time, ...names.map(({ key, name }) => `${name} ${values[key]}`)].join(", ");

function html(view, ms, places) {
  const { time, values } = reading(view, ms, places);
  const node = document.createElement("div");
  node.className = "chart-tip";
  node.append(Object.assign(document.createElement("p"), { textContent: time }));
  const rows = document.createElement("dl");
  for (const { key, name } of view.series.filter((one) => view.shown.includes(one.key))) {
    rows.append(
      Object.assign(document.createElement("dt"), { textContent: name }),
      Object.assign(document.createElement("dd"), { textContent: values[key] }),
    );
  }
  node.append(rows);
  return node;
}

function summary({ data, series, zone, t, name, caption }, places) {
  const [{ key }] = series;
  const known = data.columns[key].filter((value) => value !== null);
  return fill(t.chart_summary, {
    name,
    caption,
    n: String(data.at.length),
    from: stamp(data.at[0], zone),
    to: stamp(data.at.at(-1), zone),
    low: figure(Math.min(...known), places),
    high: figure(Math.max(...known), places),
    last: figure(known.at(-1), places),
  });
}

const DASHES = { solid: "none", dashed: "5 3", dotted: "1.5 2.5" };

// The line of a series in small: its dash and its symbol tell it without its colour.
function Swatch({ color, dash, symbol, width }) {
  const paint = `var(--series-${color})`;
  return (
    <svg viewBox="0 0 28 10" width="28" height="10" aria-hidden="true" className="swatch">
      <path d="M1 5h26" stroke={paint} strokeWidth={width} strokeDasharray={DASHES[dash]} fill="none" />
      <g fill={symbol.startsWith("empty") ? "var(--panel)" : paint} stroke={paint}>{SHAPES[symbol]}</g>
    </svg>
  );
}

const SHAPES = {
  circle: <circle cx="14" cy="5" r="2.5" />,
  emptyCircle: <circle cx="14" cy="5" r="2.5" />,
  rect: <path d="M11.5 2.5h5v5h-5z" />,
  triangle: <path d="M14 2l3 5.5h-6z" />,
  diamond: <path d="M14 1.5 17.5 5 14 8.5 10.5 5z" />,
};
