// The tabs of the pages about alarms: active, put aside, journal, performance figures.
import { Link } from "react-router";
import { useWords } from "../lib/usewords.js";

const PAGES = [["active", "/alarms"], ["aside", "/alarms?view=aside"], ["journal", "/alarms/journal"], ["kpi", "/alarms/kpi"]];

export function Tabs({ shown, counts = {} }) {
  const { alarms: al } = useWords();
  return (
    <nav className="alarm-tabs" aria-label={al.tabs}>
      {PAGES.map(([name, to]) => (
        <Link key={name} to={to} aria-current={name === shown ? "page" : undefined} data-testid={`tab-${name}`}>
          {al[`tab_${name}`]}{counts[name] === undefined ? null : <span className="tab-count">{counts[name]}</span>}
        </Link>
      ))}
    </nav>
  );
}
