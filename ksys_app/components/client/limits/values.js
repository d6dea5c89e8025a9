// What a person types into the fields of limits, and what of it differs from what is in force. Pure functions.
export const LIMITS = ["min_val", "crit_min", "warn_min", "warn_max", "crit_max", "max_val"];
export const OTHERS = ["deadband_pct", "max_gap_seconds", "max_step", "roc_max_per_min", "spike_zscore"];
export const NUMBERS = [...LIMITS, ...OTHERS];
export const SWITCHES = ["enabled", "allow_negative"];
export const CONDITIONS = ["HIGH", "LOW", "INSTR", "GAP", "STEP", "RATE", "SPIKE"];
export const FIGURES = ["priority", "on_delay_s", "off_delay_s"];
export const TEXTS = ["message", "cause", "consequence", "response"];

export const mayEdit = (who) => who.via === "off" || who.role === "engineer" || who.role === "admin";

// A number as typed, with a point or one comma; null for nothing, NaN for what is none.
export function numberOf(text) {
  const bare = text.trim();
  if (!bare) return null;
  return /^[-+]?(\d+[.,]?\d*|[.,]\d+)(e[-+]?\d+)?$/i.test(bare) ? Number(bare.replace(",", ".")) : NaN;
}

const shown = (value) => (value === null || value === undefined ? "" : String(value));

// The fields as they stand for limits: texts of numbers, switches, and the settings of each condition.
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

// The fields with the values that a file has for some columns.
export function withFile(draft, cells) {
  const values = cells.map(({ column, file }) => {
    if (NUMBERS.includes(column)) return [column, shown(file)];
    return [column, column === "allow_negative" ? file !== false : file === true];
  });
  return { ...draft, ...Object.fromEntries(values.filter(([column]) => NUMBERS.includes(column) || SWITCHES.includes(column))) };
}

// Names of the fields whose text is no number.
export function unreadable(draft) {
  const wrong = NUMBERS.filter((name) => Number.isNaN(numberOf(draft[name])));
  for (const condition of CONDITIONS) {
    for (const field of FIGURES) if (Number.isNaN(numberOf(draft.settings[condition][field]))) wrong.push(`${condition}.${field}`);
  }
  return wrong;
}

// Names of the fields that somebody has changed, also of those that cannot be read.
export function touched(draft, limits) {
  const was = draftOf(limits);
  const names = NUMBERS.filter((name) => numberOf(draft[name]) !== numberOf(was[name]));
  names.push(...SWITCHES.filter((name) => draft[name] !== was[name]));
  for (const condition of CONDITIONS) {
    const [mine, theirs] = [draft.settings[condition], was.settings[condition]];
    names.push(...FIGURES.filter((field) => numberOf(mine[field]) !== numberOf(theirs[field])).map((field) => `${condition}.${field}`));
    names.push(...TEXTS.filter((field) => mine[field].trim() !== theirs[field].trim()).map((field) => `${condition}.${field}`));
  }
  return names;
}

// What to send: only what differs from the limits in force.
export function changesOf(draft, limits) {
  const was = draftOf(limits);
  const values = {};
  for (const name of NUMBERS) if (numberOf(draft[name]) !== numberOf(was[name])) values[name] = numberOf(draft[name]);
  for (const name of SWITCHES) if (draft[name] !== was[name]) values[name] = draft[name];
  const settings = CONDITIONS.filter((name) => JSON.stringify(draft.settings[name]) !== JSON.stringify(was.settings[name]))
    .map((condition) => settingOf(draft.settings[condition], limits.settings.find((one) => one.condition === condition) ?? { condition }));
  return settings.length ? { ...values, settings } : values;
}

function settingOf(fields, before) {
  const figures = Object.fromEntries(FIGURES.map((name) => [name, numberOf(fields[name])]));
  return { ...before, ...figures, ...Object.fromEntries(TEXTS.map((name) => [name, fields[name].trim()])) };
}

// The fields for newer limits, with what the person had changed since older ones.
export function rebased(draft, older, newer) {
  const [was, is] = [draftOf(older), draftOf(newer)];
  const kept = (mine, before, now) => (mine === before ? now : mine);
  return {
    ...Object.fromEntries([...NUMBERS, ...SWITCHES].map((name) => [name, kept(draft[name], was[name], is[name])])),
    settings: Object.fromEntries(CONDITIONS.map((name) => [
      name,
      Object.fromEntries(Object.keys(is.settings[name]).map((field) => [
        field, kept(draft.settings[name][field], was.settings[name][field], is.settings[name][field]),
      ])),
    ])),
  };
}

// The conditions that limits with these fields have.
export function conditionsOf(draft) {
  const has = (...names) => names.some((name) => draft[name].trim() !== "");
  return CONDITIONS.filter((name) => ({
    HIGH: has("warn_max", "crit_max"), LOW: has("warn_min", "crit_min"), INSTR: true, GAP: has("max_gap_seconds"),
    STEP: has("max_step"), RATE: has("roc_max_per_min"), SPIKE: has("spike_zscore"),
  })[name]);
}

// A column, or a setting such as `HIGH.priority`, as a person reads it.
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
