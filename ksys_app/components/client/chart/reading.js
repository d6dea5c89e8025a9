// What a chart says in figures and words: at one bucket, and of all that is seen of it.
import { figure, grouped } from "../lib/figures.js";
import { nearest } from "./gaps.js";
import { stamp } from "../lib/zone.js";
import { counted, fill } from "../lib/words.js";

// The buckets that are seen, as index from and to; the second is less than the first where there are none.
function seen({ data: { at }, zoom }) {
  const [from, to] = zoom ?? [-Infinity, Infinity];
  const first = at.findIndex((ms) => ms >= from);
  return [first < 0 ? at.length : first, at.findLastIndex((ms) => ms <= to)];
}

// Every series at the bucket nearest to a time; without a time at the newest bucket of those that are seen.
export function reading(view, ms, places) {
  const { data, series, zone } = view;
  const [first, last] = seen(view);
  const i = ms > 0 ? nearest(data, ms) : last < first ? -1 : last;
  const values = Object.fromEntries(series.map(({ key }) => [key, figure(data.columns[key][i], places)]));
  return { time: i in data.at ? stamp(data.at[i], zone) : "", values, names: series };
}

export const spoken = ({ time, values, names }) =>
  [time, ...names.map(({ key, name }) => `${name} ${values[key]}`)].join(", ");

// What is shown beside the pointer: the series that are on.
export function tip(view, ms, places) {
  const { time, values } = reading(view, ms, places);
  const node = document.createElement("div");
  node.className = "chart-tip";
  node.append(Object.assign(document.createElement("p"), { textContent: time }));
  const rows = document.createElement("dl");
  for (const { key, name } of view.series.filter((one) => view.shown.includes(one.key))) {
    rows.append(
      Object.assign(document.createElement("dt"), { textContent: name }),
      Object.assign(document.createElement("dd"), { textContent: grouped(values[key]) }),
    );
  }
  node.append(rows);
  return node;
}

// All that is seen in a sentence; empty where that is no bucket.
export function summary(view, places) {
  const { data, series, zone, t, name, zoom } = view;
  const [first, last] = seen(view);
  if (last < first) return "";
  const [{ key }] = series;
  const known = data.columns[key].slice(first, last + 1).filter((value) => value !== null);
  return counted(t.chart_summary, last + 1 - first, {
    name,
    caption: zoom ? fill(t.chart_part, { caption: view.caption }) : view.caption,
    from: stamp(data.at[first], zone),
    to: stamp(data.at[last], zone),
    low: figure(Math.min(...known), places),
    high: figure(Math.max(...known), places),
    last: figure(known.at(-1), places),
  });
}
