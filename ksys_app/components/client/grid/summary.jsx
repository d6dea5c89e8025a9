// The number of tags, and of those with each kind of trouble. A click on a count filters the tags by it; a second click
// shows all tags.
import { useAsOf } from "./freshness.jsx";
import { useLive } from "../shell/live.jsx";
import { Mark } from "./mark.jsx";
import { KINDS } from "../lib/cells.js";
import { counted } from "../lib/words.js";

export function Summary({ tally, only, group, pinnedCountAbove, onOnly, onGroup }) {
  const { t } = useLive();
  const asOf = useAsOf(t.as_of);
  if (!tally.every) return null;
  const counts = tally.every > pinnedCountAbove ? { ...tally.kinds, pinned: tally.pinned } : tally.kinds;
  const kindsShown = [...KINDS, "pinned"].filter((kind) => counts[kind] || kind === only);
  return (
    <>
      <p className="tag-count" data-testid="tag-count">
        {sentence(tally, only, t)}
        {asOf ? <span className="summary-asof"> {asOf}</span> : null}
      </p>
      {kindsShown.length > 0 || tally.outside > 0 || group ? (
        <ul className="summary" data-testid="summary" aria-label={t.summary}>
          {group ? (
            <li>
              <button type="button" aria-pressed="true" data-testid="group-clear" title={t.only_off} onClick={() => onGroup(group)}>
                {group}
              </button>
            </li>
          ) : null}
          {kindsShown.map((kind) => (
            <li key={kind}>
              <button type="button" aria-pressed={kind === only} data-testid={`only-${kind}`}
                title={kind === only ? t.only_off : t.only_on} onClick={() => onOnly(kind)}>
                <Mark kind={kind} />
                {counted(t[`count_${kind}`], counts[kind] ?? tally[kind] ?? 0)}
              </button>
            </li>
          ))}
          {only ? (
            <li>
              <button type="button" className="summary-clear" data-testid="only-clear" onClick={() => onOnly("")}>
                {t.only_off}
              </button>
            </li>
          ) : null}
          {tally.outside > 0 ? <li className="summary-outside">{counted(t.count_outside, tally.outside)}</li> : null}
        </ul>
      ) : null}
    </>
  );
}

function sentence({ tags, every, shown, kinds, partial }, only, t) {
  const n = only ? shown : tags;
  const normal = !only && tags > 0 && Object.keys(kinds).length === 0;
  const which = partial ? "part" : n < every ? "of" : "all";
  return counted(normal ? t[`normal_${which}`] : t[`tags_${which}`], n, { all: every });
}
