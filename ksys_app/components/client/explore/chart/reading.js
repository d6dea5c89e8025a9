// The texts of the chart: the values at a time as a sentence and as a tooltip, the compared time, and a summary of the shown time.
import { figure, grouped } from "../../lib/figures.js";
import { counted, fill } from "../../lib/words.js";
import { stamp } from "../../lib/zone.js";
import { figuresOf, valuesAt } from "./entries.js";

const withUnit = (text, unit) => (unit ? `${text} ${unit}` : text);

/** A time and the value of each shown tag, as a sentence for a screen reader. */
export function valuesSentence({ entries, look, bucketS }, ms) {
  const values = entries.filter(({ hidden }) => !hidden)
    .map((entry) => `${entry.tag} ${withUnit(figure(valuesAt(entry, ms, bucketS).value, entry.decimals), entry.unit)}`);
  return [stamp(ms, look.zone), ...values].join(", ");
}

/** The tooltip beside the cursor: the time and the value of each shown tag, the compared value in brackets. */
export function tip({ entries, look, bucketS }, ms) {
  const node = document.createElement("div");
  node.className = "chart-tip";
  node.append(Object.assign(document.createElement("p"), { textContent: stamp(ms, look.zone) }));
  const rows = document.createElement("dl");
  for (const entry of entries.filter(({ hidden }) => !hidden)) {
    const { value, compared } = valuesAt(entry, ms, bucketS);
    const name = Object.assign(document.createElement("dt"), { textContent: entry.tag });
    name.style.setProperty("--row", `var(--series-${entry.colour})`);
    const text = grouped(figure(value, entry.decimals));
    const comparedText = compared === null ? "" : ` (${grouped(figure(compared, entry.decimals))})`;
    rows.append(name, Object.assign(document.createElement("dd"), { textContent: withUnit(text, entry.unit) + comparedText }));
  }
  node.append(rows);
  return node;
}

/** The compared time that the dashed lines show beside the shown time, as a text; empty without a comparison. */
export function dashedText({ comparedTimes, zoom, from, to, look, x }) {
  const times = comparedTimes?.(zoom ?? [from, to]);
  if (!times) return "";
  const [start, end] = times.map((ms) => stamp(ms, look.zone).slice(0, 19).replace(/:00$/, ""));
  return fill(x.plot_dashed, { from: start, to: end });
}

/** A summary of the shown time: one sentence for each tag. */
export function summary({ entries, look, range, x }) {
  const [from, to] = range.map((ms) => stamp(ms, look.zone));
  return entries.map((entry) => {
    const figures = figuresOf(entry.line, range);
    if (!figures) return counted(x.plot_summary_none, 0, { name: entry.tag, from, to });
    const [low, high, last] = [figures.min, figures.max, figures.last].map((value) => withUnit(figure(value, entry.decimals), entry.unit));
    return counted(x.plot_summary, figures.rows, { name: entry.tag, from, to, low, high, last });
  }).join(" ");
}
