// How an alarm is put into words: its priority with a symbol, its state, what is wrong, its figures.
import { ageText } from "../lib/age.js";
import { brief, DASH } from "../lib/figures.js";
import { fill } from "../lib/words.js";

// A shape and a figure of its own for each priority, so that colour only repeats what they say.
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

// Who has taken the alarm over; nothing where nobody has.
export function OnIt({ row, al }) {
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

// What the rule says, else what its level means.
export const message = (row, al) => row.message || al[`what_${row.level || row.condition}`];

const SIGNS = { HIGH: "≥", LOW: "≤", STEP: ">", RATE: ">", SPIKE: ">", SOURCE_LOST: "≥" };

// `196.2 ≥ 195 °C`; of a silence `5 min > 2 min`; nothing without a value.
export function figuresOf({ condition, level, value, limit_value: limit, unit }, t) {
  if (value === null || value === undefined) return "";
  if (condition === "GAP") return limit === null ? ageText(value, t) : `${ageText(value, t)} ≥ ${ageText(limit, t)}`;
  const sign = level === "NEGATIVE" ? "<" : SIGNS[condition] ?? (value > limit ? ">" : "<");
  if (condition === "SOURCE_LOST") unit = t.unit_tags;
  const bare = limit === null || limit === undefined;
  return [bare ? brief(value) : `${brief(value)} ${sign} ${brief(limit)}`, unit].filter(Boolean).join(" ");
}

// Who, and what was said or why.
export const saidOf = ({ comment, reason, data }, al) =>
  comment || (data?.from && fill(al.on_it_before, { who: data.from })) || (al[`reason_${reason}`] ?? reason) || "";

export const nowOf = ({ value_now: value, unit }) =>
  (value === null || value === undefined ? DASH : [brief(value), unit].filter(Boolean).join(" "));

export const stateWord = (row, al) => al[`state_${row.state === "returned" && row.latched ? "latched_waits" : row.state}`];
