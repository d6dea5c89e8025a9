// The state of every tag as one cell, by group. A click on a cell opens its tag, a click on a group's name shows only that group.
import { memo, useMemo, useRef } from "react";
import { byGroup, cellsOf, KINDS, tilesAt } from "../lib/cells.js";
import { useLanguage, useWords } from "../lib/usewords.js";
import { counted } from "../lib/words.js";
import { useAllTiles } from "./fetched.jsx";
import { Mark } from "./mark.jsx";

export function Cells({ order, chosen, narrowed, hideUpTo, allCellsUpTo, onChoose, onOpen }) {
  const { live: t } = useWords();
  const language = useLanguage();
  const allTiles = useAllTiles();
  const tiles = useMemo(() => (narrowed ? tilesAt(allTiles, order) : allTiles), [allTiles, narrowed, narrowed ? order : null]);
  const { compare } = useMemo(() => new Intl.Collator(language, { numeric: true }), [language]);
  const lastGroups = useRef([]);
  const groups = useMemo(() => byGroup(tiles, compare, lastGroups.current), [tiles, compare]);
  lastGroups.current = groups;
  // A few tiles show their states themselves; cells would repeat them.
  if (groups.length === 0 || (narrowed && order.length <= hideUpTo)) return null;
  const brief = tiles.rows.length > allCellsUpTo;
  const first = groups.find((group) => cellsOf(group, brief && chosen !== group.name).length > 0);
  return (
    <>
      {brief ? <p className="note">{t.cells_brief}</p> : null}
      <div className="cells" data-testid="cells" onKeyDown={walk}>
        {groups.map((group) => (
          <Group key={group.name} group={group} t={t} chosen={chosen === group.name} brief={brief} first={group === first}
            onChoose={onChoose} onOpen={onOpen} />
        ))}
      </div>
    </>
  );
}

const Group = memo(/** @param {Record<string, any>} props */ function Group({ group, t, chosen, brief, first, onChoose, onOpen }) {
  const { name, cells, counts } = group;
  const says = { ok: t.state_ok, crit: t.state_crit, warn: t.state_warn, old: t.cell_old, still: t.comm_still, never: t.comm_never };
  return (
    <section className="cell-group" aria-label={name}>
      <h3>
        <button type="button" aria-pressed={chosen} title={chosen ? t.only_off : t.cells_filter}
          data-testid={`group-${name}`} onClick={() => onChoose(name)}>{name}</button>
        <span className="count">{counted(t.tags_all, cells.length)}</span>
        {KINDS.filter((kind) => counts[kind]).map((kind) => (
          <span key={kind} className="cell-count" title={says[kind]}><Mark kind={kind} />{counts[kind]}</span>
        ))}
      </h3>
      <div className="cell-box">
        {cellsOf(group, brief && !chosen).map(({ title, kind }, index) => (
          <Cell key={title} title={title} kind={kind} says={says[kind]} first={first && index === 0} onOpen={onOpen} />
        ))}
      </div>
    </section>
  );
});

const Cell = memo(/** @param {Record<string, any>} props */ function Cell({ title, kind, says, first, onOpen }) {
  const text = `${title}: ${says}`;
  return (
    <button type="button" className="cell" data-kind={kind} tabIndex={first ? 0 : -1} title={text} aria-label={text}
      data-testid={`cell-${title}`} onClick={() => onOpen(title)} />
  );
});

const STEPS = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };

// Moves the focus between cells by the arrow keys, Home and End. All cells together are one stop of the Tab key.
function walk(event) {
  if (!event.target.classList.contains("cell")) return;
  const cells = [...event.currentTarget.querySelectorAll(".cell")];
  const target = {
    Home: cells.at(0), End: cells.at(-1), [event.key]: cells[cells.indexOf(event.target) + STEPS[event.key]],
  }[event.key];
  if (!target || (!(event.key in STEPS) && event.key !== "Home" && event.key !== "End")) return;
  event.preventDefault();
  cells.find((cell) => cell.tabIndex === 0).tabIndex = -1;
  target.tabIndex = 0;
  target.focus();
}
