// The parts of an alarm as text and symbols: priority, assignee, message, remark, value, state.
import { brief, DASH } from "../lib/figures.js";
import { fill } from "../lib/words.js";

// Each priority has its own shape and digit, so that nobody needs the colour.
const SHAPES = {
  1: <rect x="1" y="1" width="14" height="14" rx="1" />,
  2: <path d="M8 .8 15.6 15H.4Z" />,
  3: <path d="M8 .6 15.4 8 8 15.4.6 8Z" />,
  4: <circle cx="8" cy="8" r="7" />,
};

export function Priority({ priority, quiet = false }) {
  return (
    <svg viewBox="0 0 16 16" width="16" height="16" className="prio" data-priority={priority} data-quiet={quiet} aria-hidden="true">
      {SHAPES[priority]}
      <text x="8" y={priority === 2 ? 13 : 11.6} textAnchor="middle">{priority}</text>
    </svg>
  );
}

// The user to whom the alarm is assigned; renders nothing without one.
export function Assignee({ row, al }) {
  if (!row.assigned_to) return null;
  return (
    <span className="al-on" title={fill(al.on_it, { who: row.assigned_to })} data-testid={`on-${row.tag_name}`}>
      <svg viewBox="0 0 24 24" width="14" height="14" aria-hidden="true" fill="none" stroke="currentColor" strokeWidth="2" strokeLinecap="round">
        <circle cx="12" cy="8" r="4" /><path d="M4 21c0-4 4-6 8-6s8 2 8 6" /></svg>
      <span className="sr-only">{fill(al.on_it, { who: row.assigned_to })}</span>
      <span aria-hidden="true" data-stored>{row.assigned_to}</span>
    </span>
  );
}

// The message of the alarm's rule, else the meaning of its level.
export const message = (row, al) => row.message || al[`what_${row.level || row.condition}`];

// The comment of an event, the former assignee, or the reason; empty without any.
export const remarkOf = ({ comment, reason, data }, al) =>
  comment || (data?.from && fill(al.on_it_before, { who: data.from })) || (al[`reason_${reason}`] ?? reason) || "";

// The tag's current value with its unit.
export const currentValueText = ({ value_now: value, unit }) =>
  (value === null || value === undefined ? DASH : [brief(value), unit].filter(Boolean).join(" "));

export const stateWord = (row, al) => al[`state_${row.state === "returned" && row.latched ? "latched_waits" : row.state}`];
