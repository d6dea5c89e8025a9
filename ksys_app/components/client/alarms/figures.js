// The figures of an alarm as text.
import { ageText } from "../lib/age.js";
import { brief } from "../lib/figures.js";

const SIGNS = { HIGH: "≥", LOW: "≤", STEP: ">", RATE: ">", SPIKE: ">", SOURCE_LOST: "≥" };

// The value and the limit: `196.2 ≥ 195 °C`; for a silent tag `5 min ≥ 2 min`; empty without a value.
export function figuresOf({ condition, level, value, limit_value: limit, unit }, t) {
  if (value === null || value === undefined) return "";
  if (condition === "GAP") return limit === null ? ageText(value, t) : `${ageText(value, t)} ≥ ${ageText(limit, t)}`;
  const sign = level === "NEGATIVE" ? "<" : SIGNS[condition] ?? (value > limit ? ">" : "<");
  if (condition === "SOURCE_LOST") unit = t.unit_tags;
  const withoutLimit = limit === null || limit === undefined;
  return [withoutLimit ? brief(value) : `${brief(value)} ${sign} ${brief(limit)}`, unit].filter(Boolean).join(" ");
}
