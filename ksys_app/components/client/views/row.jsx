// A saved view in the menu, with its description and its actions.
import { useState } from "react";
import { Edit, useMayChange } from "./save.jsx";
import { addressOf, contentOf } from "./turns.js";
import { setStartView, clearStartView, remove } from "./saved.js";
import { rangeText } from "../range/ranges.js";
import { at } from "../lib/paths.js";
import { toClipboard } from "../lib/clipboard.js";
import { useWords } from "../lib/usewords.js";
import { fill } from "../lib/words.js";

const MAX_TAGS = 3;
const ICONS = {
  start: <path d="m3 11 9-8 9 8v10h-6v-6H9v6H3z" />,
  copy: <path d="M10 14a4 4 0 0 0 6 0l4-4a4 4 0 0 0-6-6l-1 1M14 10a4 4 0 0 0-6 0l-4 4a4 4 0 0 0 6 6l1-1" />,
  edit: <path d="M4 20h4L20 8l-4-4L4 16z" />,
  remove: <path d="M4 7h16M10 11v6M14 11v6M6 7l1 13h10l1-13M9 7V4h6v3" />,
};

export function Row({ view, act, onOpen }) {
  const words = useWords();
  const { explore: x } = words;
  const [editing, setEditing] = useState(false);
  const may = useMayChange(view);
  const to = addressOf(view);
  if (editing) return <li className="views-row"><Edit view={view} act={act} onClose={() => setEditing(false)} /></li>;
  const button = (name, label, onClick, pressed = undefined) => (
    <button type="button" className="icon-button" aria-label={`${label}: ${view.name}`} title={label} aria-pressed={pressed} data-testid={`view-${name}`} onClick={onClick}>
      <svg viewBox="0 0 24 24" width="16" height="16" aria-hidden="true" fill={pressed ? "currentColor" : "none"} stroke="currentColor" strokeWidth="2"
        strokeLinecap="round" strokeLinejoin="round">{ICONS[name]}</svg>
    </button>
  );
  const copy = () => act(() => toClipboard(new URL(at(to), window.location.origin).href), view, x.view_copied);
  const toggleStart = () => (view.start
    ? act(clearStartView, view, x.view_started_no) : act(() => setStartView(view), view, x.view_started));
  return (
    <li className="views-row" data-testid="view-row">
      <a href={at(to)} className="views-open" onClick={(event) => {
        if (event.ctrlKey || event.metaKey || event.shiftKey) return;
        event.preventDefault();
        onOpen(to);
      }}>
        <span className="views-name">{view.name}</span>
        <span className="views-about">{describe(view, words)}</span>
      </a>
      <span className="views-does">
        {button("start", view.start ? x.view_start_no : x.view_start, toggleStart, view.start)}
        {button("copy", x.view_copy, copy)}
        {may ? button("edit", x.view_edit, () => setEditing(true)) : null}
        {may ? button("remove", x.view_delete, () => act(() => remove(view), view, x.view_deleted)) : null}
      </span>
    </li>
  );
}

// The description of a view: `Explore · D100, D200 · 24 hours · compared`.
export function describe(view, { explore: x, pages, alarms, windows, ranges: rg }) {
  const { tags, window, ends, compare } = contentOf(view);
  const page = {
    "/": pages.nav_dashboard, "/trend": pages.nav_trend, "/tech": pages.nav_tech, "/comm": pages.nav_comm, "/explore": pages.nav_explore,
    "/alarms": alarms.nav, "/alarms/journal": alarms.title_journal, "/alarms/kpi": alarms.title_kpi,
  }[view.path];
  const rest = tags.length > MAX_TAGS ? ` +${tags.length - MAX_TAGS}` : "";
  const time = ends[0] ? rangeText([ends[0], ends[1] || "now"], [], rg) : windows[window] ?? "";
  const compared = x[`compare_${compare}`] ?? (compare && fill(x.view_compared, { time: compare }));
  const owner = view.mine ? (view.shared ? x.view_is_shared : "") : view.owner;
  return [page, tags.slice(0, MAX_TAGS).join(", ") + rest, time, compared, owner].filter(Boolean).join(" · ");
}
