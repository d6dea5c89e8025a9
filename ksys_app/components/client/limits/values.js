// The draft in the fields of limits, and its differences from the limits in force. Pure functions.
export const LIMITS = ["min_val", "crit_min", "warn_min", "warn_max", "crit_max", "max_val"];
export const OTHERS = ["deadband_pct", "max_gap_seconds", "max_step", "roc_max_per_min", "spike_zscore"];
export const NUMBERS = [...LIMITS, ...OTHERS];
// The columns of OTHERS that a tag can use. A calculated tag has no SPIKE, because its earlier values are not stored.
export const othersOf = (calculated) => (calculated ? OTHERS.filter((name) => name !== "spike_zscore") : OTHERS);
export const SWITCHES = ["enabled", "allow_negative"];
export const CONDITIONS = ["HIGH", "LOW", "INSTR", "GAP", "STEP", "RATE", "SPIKE"];
export const FIGURES = ["priority", "on_delay_s", "off_delay_s"];
export const TEXTS = ["message", "cause", "consequence", "response"];

export const mayEdit = (who) => who.via === "off" || who.role === "engineer" || who.role === "admin";

// The number of a typed text, with a decimal point or comma; null for an empty text, NaN for anything else.
export function numberOf(text) {
  const trimmed = text.trim();
  if (!trimmed) return null;
  return /^[-+]?(\d+[.,]?\d*|[.,]\d+)(e[-+]?\d+)?$/i.test(trimmed) ? Number(trimmed.replace(",", ".")) : NaN;
}

const shown = (value) => (value === null || value === undefined ? "" : String(value));

// The draft of limits: numbers as texts, switches as booleans, and the settings of each condition as texts.
export function draftOf(limits) {
  const of = Object.fromEntries(limits.settings.map((one) => [one.condition, one]));
  return {
    ...Object.fromEntries(NUMBERS.map((name) => [name, shown(limits[name])])),
    enabled: limits.enabled === true,
    allow_negative: limits.allow_negative !== false,
    settings: Object.fromEntries(CONDITIONS.map((name) => [
      name,
      Object.fromEntries([...FIGURES, ...TEXTS].map((field) => [field, shown(of[name]?.[field])])),
    ])),
  };
}

// The draft with the values of a file in some columns.
export function withFile(draft, cells) {
  const values = cells.map(({ column, file }) => {
    if (NUMBERS.includes(column)) return [column, shown(file)];
    return [column, column === "allow_negative" ? file !== false : file === true];
  });
  return { ...draft, ...Object.fromEntries(values.filter(([column]) => NUMBERS.includes(column) || SWITCHES.includes(column))) };
}

// The names of the fields whose text is not a number.
export function unreadable(draft) {
  const wrong = NUMBERS.filter((name) => Number.isNaN(numberOf(draft[name])));
  for (const condition of CONDITIONS) {
    for (const field of FIGURES) if (Number.isNaN(numberOf(draft.settings[condition][field]))) wrong.push(`${condition}.${field}`);
  }
  return wrong;
}

// The names of the changed fields, including those whose text is not a number.
export function touched(draft, limits) {
  const old = draftOf(limits);
  const names = NUMBERS.filter((name) => numberOf(draft[name]) !== numberOf(old[name]));
  names.push(...SWITCHES.filter((name) => draft[name] !== old[name]));
  for (const condition of CONDITIONS) {
    const [edited, saved] = [draft.settings[condition], old.settings[condition]];
    names.push(...FIGURES.filter((field) => numberOf(edited[field]) !== numberOf(saved[field])).map((field) => `${condition}.${field}`));
    names.push(...TEXTS.filter((field) => edited[field].trim() !== saved[field].trim()).map((field) => `${condition}.${field}`));
  }
  return names;
}

// The changes to send: only the values that differ from the limits in force.
export function changesOf(draft, limits) {
  const old = draftOf(limits);
  const values = {};
  for (const name of NUMBERS) if (numberOf(draft[name]) !== numberOf(old[name])) values[name] = numberOf(draft[name]);
  for (const name of SWITCHES) if (draft[name] !== old[name]) values[name] = draft[name];
  const settings = CONDITIONS.filter((name) => JSON.stringify(draft.settings[name]) !== JSON.stringify(old.settings[name]))
    .map((condition) => settingOf(draft.settings[condition], limits.settings.find((one) => one.condition === condition) ?? { condition }));
  return settings.length ? { ...values, settings } : values;
}

function settingOf(fields, before) {
  const figures = Object.fromEntries(FIGURES.map((name) => [name, numberOf(fields[name])]));
  return { ...before, ...figures, ...Object.fromEntries(TEXTS.map((name) => [name, fields[name].trim()])) };
}

// The draft for newer limits, with the user's changes since the older ones.
export function rebased(draft, older, newer) {
  const [before, after] = [draftOf(older), draftOf(newer)];
  const merge = (edited, base, current) => (edited === base ? current : edited);
  return {
    ...Object.fromEntries([...NUMBERS, ...SWITCHES].map((name) => [name, merge(draft[name], before[name], after[name])])),
    settings: Object.fromEntries(CONDITIONS.map((name) => [
      name,
      Object.fromEntries(Object.keys(after.settings[name]).map((field) => [
        field, merge(draft.settings[name][field], before.settings[name][field], after.settings[name][field]),
      ])),
    ])),
  };
}

// The conditions that a rule with these fields has.
export function conditionsOf(draft, calculated) {
  const has = (...names) => names.some((name) => draft[name].trim() !== "");
  return CONDITIONS.filter((name) => ({
    HIGH: has("warn_max", "crit_max"), LOW: has("warn_min", "crit_min"), INSTR: true, GAP: has("max_gap_seconds"),
    STEP: has("max_step"), RATE: has("roc_max_per_min"), SPIKE: !calculated && has("spike_zscore"),
  })[name]);
}

// The label of a column, or of a setting such as `HIGH.priority`.
export function labelOf(column, words) {
  const [condition, field] = column.includes(".") ? column.split(".") : ["", column];
  const { edit: ed, limits } = words;
  const name = limits[field] ?? ed[`field_${field}`] ?? field;
  return condition ? `${ed[`cond_${condition}`]}: ${name}` : name;
}

export function valueText(value, ed) {
  if (value === null || value === undefined || value === "") return ed.none;
  if (typeof value === "boolean") return value ? ed.yes : ed.no;
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
