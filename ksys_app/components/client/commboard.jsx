// The heatmaps and their outages: what is pointed at in one is marked in the other.
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { colors, place, spoken, told, unfold } from "./comm.js";
import { grouped } from "./figures.js";
import { Heatmap } from "./heatmap.jsx";
import { useLive } from "./live.jsx";
import { Mark } from "./mark.jsx";
import { Outages } from "./outages.jsx";
import { useReload } from "./reload.js";
import { Scrollable } from "./scrollable.jsx";
import { at } from "./paths.js";
import { fill } from "./words.js";

export function CommBoard({
  maps: folded, calendar, outages, count, silent, scale, card, words: w, csv, onChoose, onClear, onReload, children,
}) {
  const { zone, tickS } = useLive();
  const [figures, setFigures] = useState(false);
  const [pointed, setPointed] = useState(null);
  const [marked, setMarked] = useState(null);
  const [hovered, setHovered] = useState(null);
  const cells = useMemo(() => place(calendar, zone), [calendar, zone]);
  const color = useMemo(() => colors(scale), [scale]);
  const maps = useMemo(() => folded.map((one) => ({
    tag: one.tag, rate: unfold(one.rate), recv: unfold(one.recv), exp: unfold(one.exp),
    seen: unfold(one.seen), state: unfold(one.state),
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
  const of = (tag, i) => outages.findIndex((run) => run.tag === tag && run.first <= i && i <= run.last);
  const selectedRun = card.cell >= 0 ? of(card.tag, card.cell) : -1;
  const hot = pointed ? of(pointed.tag, pointed.i) : -1;
  const shown = hovered ?? (hot >= 0 ? hot : marked ?? selectedRun);
  const run = outages[shown];
  const map = pointed && maps.find((one) => one.tag === pointed.tag);
  return (
    <div className="board" data-many={maps.length > 1}>
      <section className="maps-section" aria-labelledby="maps-heading">
        <div className="section-head">
          <h2 id="maps-heading">{w.maps}</h2>
          <Legend scale={scale} words={w} />
          <div role="group" aria-label={w.show} className="segmented">
            <button type="button" aria-pressed={!figures} onClick={() => setFigures(false)} data-testid="show-colors">{w.show_colors}</button>
            <button type="button" aria-pressed={figures} onClick={() => setFigures(true)} data-testid="show-figures">{w.show_figures}</button>
          </div>
          <a href={at(csv.cells)} download className="control control-small" data-testid="csv-cells">{w.csv_cells}</a>
        </div>
        {calendar.odd.map((line) => <p key={line} className="note note-odd" data-testid="odd-day">{line}</p>)}
        {figures ? <p className="note">{w.figures_note}</p> : null}
        <div className="maps">
          {maps.map((one) => (
            <figure key={one.tag} className="map" data-selected={card.tag === one.tag}>
              <figcaption title={one.tag}>{one.tag}</figcaption>
              <Scrollable className="map-scroll" label={fill(w.map_label, { tag: one.tag })}>
                <Heatmap map={one} cells={cells} calendar={calendar} color={color} words={w} figures={figures}
                  selected={card.tag === one.tag ? card.cell : -1} label={fill(w.map_label, { tag: one.tag })}
                  runFirst={run?.tag === one.tag ? run.first : -1} runLast={run?.tag === one.tag ? run.last : -2} onPoint={point} onChoose={choose} onEscape={escape} />
              </Scrollable>
            </figure>
          ))}
        </div>
      </section>
      <div className="board-side">
        {children}
        <Outages outages={outages} count={count} silent={silent} words={w} tags={maps.length} many={maps.length > 1} shown={shown} csv={csv.outages}
          onHover={setHovered} onMark={(at) => setMarked(at === marked ? null : at)} />
      </div>
      {pointed && map && cells[pointed.i] ? <Tip tag={pointed.tag} node={pointed.node} one={told(map, cells[pointed.i], w)} words={w} /> : null}
    </div>
  );
}

function Legend({ scale, words: w }) {
  const stops = scale.split(", ").map((stop) => stop.split(" "));
  return (
    <div className="hm-legend" aria-label={w.legend} role="group">
      <span className="hm-scale" aria-hidden="true" style={{ background: `linear-gradient(in oklab to right, ${stops.map(([, name]) => `var(--${name})`).join(", ")})` }} />
      <span className="hm-ticks">{stops.map(([at]) => <span key={at}>{at / 100}{at === "10000" ? " %" : ""}</span>)}</span>
      <span className="hm-key"><i className="hm-cell" data-state="c" aria-hidden="true" style={{ background: "var(--comm-1)" }} />{w.legend_crit}</span>
      <span className="hm-key"><i className="hm-cell" data-state="w" data-soft aria-hidden="true" style={{ background: "var(--comm-3)" }} />{w.legend_warn}</span>
      <span className="hm-key"><i className="hm-cell" data-state="n" aria-hidden="true" />{w.legend_none}</span>
    </div>
  );
}

const counted = (number) => grouped(String(number));

const MARKS = { ok: "ok", warn: "warn", crit: "crit", no_data: "never" };

function Tip({ tag, node, one, words: w }) {
  const tip = useRef(null);
  useEffect(() => {
    const cell = node.getBoundingClientRect();
    const own = tip.current.getBoundingClientRect();
    const left = Math.min(Math.max(8, cell.left + cell.width / 2 - own.width / 2), window.innerWidth - own.width - 8);
    const above = cell.top - own.height - 8;
    tip.current.style.left = `${left}px`;
    tip.current.style.top = `${above > 8 ? above : cell.bottom + 8}px`;
  });
  const rows = one.state === "no_data" ? [] : [
    [w.success, one.rate],
    [w.received, `${counted(one.recv)} / ${counted(one.exp)}`],
    [w.missing, counted(one.missing)],
    [w.last_seen, one.seen || w.none_seen],
  ];
  return (
    <div ref={tip} className="chart-tip hm-tip" data-testid="cell-tip" aria-hidden="true">
      <p>{tag} · {spoken(one.when)}</p>
      <p className="hm-tip-state" data-state={one.state}><Mark kind={MARKS[one.state]} />{one.word}</p>
      <dl>{rows.map(([name, value]) => [<dt key={`t${name}`}>{name}</dt>, <dd key={`d${name}`}>{value}</dd>])}</dl>
    </div>
  );
}
