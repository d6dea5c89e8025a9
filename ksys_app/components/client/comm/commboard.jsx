// The heatmaps and the table of outages. An hour or an outage hovered in one is highlighted in the other.
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { colors, isJudged, layOutCells, spoken, cellFacts, unfold } from "./comm.js";
import { grouped } from "../lib/figures.js";
import { Heatmap } from "./heatmap.jsx";
import { useLive } from "../shell/live.jsx";
import { Mark } from "../grid/mark.jsx";
import { Outages } from "./outages.jsx";
import { useReload } from "../lib/reload.js";
import { Scrollable } from "../shell/scrollable.jsx";
import { at } from "../lib/paths.js";
import { useWords } from "../lib/usewords.js";
import { fill, say } from "../lib/words.js";

export function CommBoard({
  maps: folded, calendar, outages, count, silent, scale, card, csv, onChoose, onClear, onReload, children,
}) {
  const { zone, tickS } = useLive();
  const words = useWords();
  const { comm: w } = words;
  const [figures, setFigures] = useState(false);
  const [pointed, setPointed] = useState(null);
  const [marked, setMarked] = useState(null);
  const [hovered, setHovered] = useState(null);
  const cells = useMemo(() => layOutCells(calendar, zone), [calendar, zone]);
  const color = useMemo(() => colors(scale), [scale]);
  const maps = useMemo(() => folded.map((map) => ({
    tag: map.tag, rate: unfold(map.rate), recv: unfold(map.recv), exp: unfold(map.exp),
    seen: unfold(map.seen), state: unfold(map.state),
  })), [folded]);
  useReload(onReload, tickS);
  useEffect(() => {
    setMarked(null);
    setPointed(null);
  }, [calendar.first_ms]);

  const point = useCallback((tag, cell) => setPointed(cell && { tag, ...cell }), []);
  const choose = useCallback((tag, cell) => onChoose(new Date(cell.ms).toISOString(), tag), [onChoose]);
  const escape = useCallback(() => {
    setPointed(null);
    setMarked(null);
    onClear();
  }, [onClear]);
  const runAt = (tag, i) => outages.findIndex((run) => run.tag === tag && run.first <= i && i <= run.last);
  const selectedRun = card.cell >= 0 ? runAt(card.tag, card.cell) : -1;
  const hot = pointed ? runAt(pointed.tag, pointed.i) : -1;
  const shown = hovered ?? (hot >= 0 ? hot : marked ?? selectedRun);
  const run = outages[shown];
  const pointedMap = pointed && maps.find((map) => map.tag === pointed.tag);
  return (
    <div className="board" data-many={maps.length > 1}>
      <section className="maps-section" aria-labelledby="maps-heading">
        <div className="section-head">
          <h2 id="maps-heading">{w.maps}</h2>
          <Legend scale={scale} figures={figures} words={w} />
          <div role="group" aria-label={w.show} className="segmented">
            <button type="button" aria-pressed={!figures} onClick={() => setFigures(false)} data-testid="show-colors">{w.show_colors}</button>
            <button type="button" aria-pressed={figures} onClick={() => setFigures(true)} data-testid="show-figures">{w.show_figures}</button>
          </div>
          <a href={at(csv.cells)} download className="control control-small" data-testid="csv-cells">{w.csv_cells}</a>
        </div>
        {calendar.odd.map((note) => say(words, note)).map((line) => <p key={line} className="note note-odd" data-testid="odd-day">{line}</p>)}
        <div className="maps">
          {maps.map((map) => (
            <figure key={map.tag} className="map" data-selected={card.tag === map.tag}>
              <figcaption title={map.tag}>{map.tag}</figcaption>
              <Scrollable className="map-scroll" label={fill(w.map_label, { tag: map.tag })}>
                <Heatmap map={map} cells={cells} calendar={calendar} color={color} words={w} figures={figures}
                  selected={card.tag === map.tag ? card.cell : -1} label={fill(w.map_label, { tag: map.tag })}
                  runFirst={run?.tag === map.tag ? run.first : -1} runLast={run?.tag === map.tag ? run.last : -2} onPoint={point} onChoose={choose} onEscape={escape} />
              </Scrollable>
            </figure>
          ))}
        </div>
      </section>
      <div className="board-side">
        {children}
        <Outages outages={outages} count={count} silent={silent} tags={maps.length} many={maps.length > 1} shown={shown} csv={csv.outages}
          onHover={setHovered} onMark={(at) => setMarked(at === marked ? null : at)} />
      </div>
      {pointed && pointedMap && cells[pointed.i] ? <Tip tag={pointed.tag} node={pointed.node} facts={cellFacts(pointedMap, cells[pointed.i], w)} words={w} /> : null}
    </div>
  );
}

// The legend has the same height for figures and for colours, so that the heatmaps below do not move.
function Legend({ scale, figures, words: w }) {
  const stops = scale.split(", ").map((stop) => stop.split(" "));
  return (
    <div className="hm-legend" aria-label={w.legend} role="group" data-figures={figures}>
      {figures ? <span className="hm-note">{w.figures_note}</span> : <Scale stops={stops} />}
      <span className="hm-key"><i className="hm-cell" data-state="c" aria-hidden="true" style={figures ? undefined : { background: "var(--comm-1)" }} />{w.legend_crit}</span>
      <span className="hm-key"><i className="hm-cell" data-state="w" data-soft aria-hidden="true" style={figures ? undefined : { background: "var(--comm-3)" }} />{w.legend_warn}</span>
      <span className="hm-key"><i className="hm-cell" data-state="n" aria-hidden="true" />{w.legend_none}</span>
    </div>
  );
}

function Scale({ stops }) {
  return (
    <>
      <span className="hm-scale" aria-hidden="true" style={{ background: `linear-gradient(in oklab to right, ${stops.map(([, name]) => `var(--${name})`).join(", ")})` }} />
      <span className="hm-ticks">{stops.map(([at]) => <span key={at}>{at / 100}{at === "10000" ? " %" : ""}</span>)}</span>
    </>
  );
}

const GAP = 6;
const EDGE = 8;
const counted = (number) => grouped(String(number));

const MARKS = { ok: "ok", warn: "warn", crit: "crit", no_data: "never", not_yet: "never" };

// The position of a box of length `size` after the range from `start` to `end`, or before it if `room` is too short.
function positionBeside(start, end, size, room) {
  const after = end + GAP;
  return after + size <= room - EDGE ? after : Math.max(EDGE, start - GAP - size);
}

function Tip({ tag, node, facts, words: w }) {
  const tip = useRef(null);
  useEffect(() => {
    const cell = node.getBoundingClientRect();
    const own = tip.current.getBoundingClientRect();
    // The tooltip is at a corner of the cell, so that it covers neither its row nor its column.
    tip.current.style.left = `${positionBeside(cell.left, cell.right, own.width, window.innerWidth)}px`;
    tip.current.style.top = `${positionBeside(cell.top, cell.bottom, own.height, window.innerHeight)}px`;
  });
  const rows = !isJudged(facts.state) ? [] : [
    [w.success, facts.rate],
    [w.received, `${counted(facts.recv)} / ${counted(facts.exp)}`],
    [w.missing, counted(facts.missing)],
    [w.last_seen, facts.seen || w.none_seen],
  ];
  return (
    <div ref={tip} className="chart-tip hm-tip" data-testid="cell-tip" aria-hidden="true">
      <p>{tag} · {spoken(facts.when)}</p>
      <p className="hm-tip-state" data-state={facts.state}><Mark kind={MARKS[facts.state]} />{facts.word}</p>
      <dl>{rows.map(([name, value]) => [<dt key={`t${name}`}>{name}</dt>, <dd key={`d${name}`}>{value}</dd>])}</dl>
    </div>
  );
}
