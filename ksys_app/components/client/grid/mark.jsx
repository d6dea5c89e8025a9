// The symbols of states. Each has its own shape, so that nobody needs the colour.
const SHAPES = {
  ok: <circle cx="5" cy="5" r="4" />,
  warn: <path d="M5 .9 9.8 9.3H.2Z" />,
  crit: <rect x="1" y="1" width="8" height="8" rx=".6" />,
  old: <circle cx="5" cy="5" r="3.9" className="mark-ring" />,
  never: <path d="M1 5h8" className="mark-dash" />,
  still: <path d="M1 3.3h8M1 6.7h8" className="mark-dash" />,
  pinned: <path d="M3 .6h4v1H6.4l.5 3L8.4 6v.9H5.5V9.4h-1V6.9H1.6V6l1.5-1.4.5-3H3z" />,
  paused: <path d="M2 1h2v8H2zM6 1h2v8H6z" />,
};

export function Mark({ kind }) {
  return (
    <svg viewBox="0 0 10 10" className="mark" data-kind={kind} aria-hidden="true">
      {SHAPES[kind]}
    </svg>
  );
}
