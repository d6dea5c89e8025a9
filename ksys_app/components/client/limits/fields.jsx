// The fields of a rule, and of the settings of its alarms.
import { CONDITIONS, conditionsOf, FIGURES, LIMITS, othersOf, SWITCHES, TEXTS } from "./values.js";
import { useWords } from "../lib/usewords.js";

// Units that do not depend on the tag.
const UNITS = { deadband_pct: "%", max_gap_seconds: "s", spike_zscore: "σ", on_delay_s: "s", off_delay_s: "s" };

export function Fields({ draft, onChange, unit, calculated, problems, disabled }) {
  const { edit: ed, limits: names } = useWords();
  const field = (name) => (
    <Field key={name} name={name} label={names[name]} value={draft[name]} problem={problems[name]} disabled={disabled}
      unit={name in UNITS ? UNITS[name] : name === "roc_max_per_min" && unit ? `${unit}/min` : unit}
      onChange={(text) => onChange({ ...draft, [name]: text })} />
  );
  return (
    <>
      <fieldset><legend>{ed.group_limits}</legend>{[...LIMITS].reverse().map(field)}</fieldset>
      <fieldset>
        <legend>{ed.group_others}</legend>
        {othersOf(calculated).map(field)}
        {calculated ? <p className="note" data-testid="limits-no-spike">{ed.no_spike}</p> : null}
      </fieldset>
      <fieldset className="limits-switches">
        <legend>{ed.group_switches}</legend>
        {SWITCHES.map((name) => (
          <label key={name}>
            <input type="checkbox" checked={draft[name]} disabled={disabled} data-testid={`field-${name}`}
              onChange={(event) => onChange({ ...draft, [name]: event.target.checked })} />
            {ed[`field_${name}`]}
          </label>
        ))}
      </fieldset>
    </>
  );
}

function Field({ name, label, value, unit, problem, disabled, onChange }) {
  const errorId = problem ? `why-${name}` : undefined;
  return (
    <div className="limits-field" data-wrong={Boolean(problem)}>
      <label htmlFor={`field-${name}`}>{label}</label>
      <input id={`field-${name}`} data-testid={`field-${name}`} inputMode="decimal" autoComplete="off" value={value} disabled={disabled}
        aria-invalid={Boolean(problem)} aria-describedby={errorId} onChange={(event) => onChange(event.target.value)} />
      <span className="limits-unit">{unit}</span>
      {problem ? <p id={errorId} role="alert">{problem}</p> : null}
    </div>
  );
}

export function Settings({ draft, onChange, calculated, problems, disabled }) {
  const { edit: ed } = useWords();
  const present = new Set(conditionsOf(draft, calculated));
  const set = (condition, field, text) =>
    onChange({ ...draft, settings: { ...draft.settings, [condition]: { ...draft.settings[condition], [field]: text } } });
  return (
    <details className="limits-settings">
      <summary>{ed.group_settings}</summary>
      <p className="note">{ed.settings_hint}</p>
      {CONDITIONS.filter((name) => present.has(name)).map((condition) => (
        <fieldset key={condition}>
          <legend>{ed[`cond_${condition}`]}</legend>
          {FIGURES.map((field) => (
            <Field key={field} name={`${condition}.${field}`} label={ed[`field_${field}`]} unit={UNITS[field] ?? ""} disabled={disabled}
              value={draft.settings[condition][field]} problem={problems[`${condition}.${field}`]} onChange={(text) => set(condition, field, text)} />
          ))}
          {TEXTS.map((field) => (
            <label key={field} className="limits-text">{ed[`field_${field}`]}
              <textarea rows={field === "message" ? 1 : 2} maxLength={1000} value={draft.settings[condition][field]} disabled={disabled}
                data-testid={`field-${condition}.${field}`} onChange={(event) => set(condition, field, event.target.value)} />
            </label>
          ))}
        </fieldset>
      ))}
    </details>
  );
}
