// A chart in figures and text: the values at one bucket, and a summary of the visible range.
import { figure, grouped } from "../lib/figures.js";
import { nearest } from "./gaps.js";
import { stamp } from "../lib/zone.js";
import { counted, fill } from "../lib/words.js";

// The visible buckets as [first index, last index]; the last is less than the first if there are none.
function visibleBuckets({ data: { at }, zoom }) {
  const [from, to] = zoom ?? [-Infinity, Infinity];
  const first = at.findIndex((ms) => ms >= from);
  return [first < 0 ? at.length : first, at.findLastIndex((ms) => ms <= to)];
}

// The values of all series at the bucket nearest to a time; without a time, at the newest visible bucket.
export function reading(view, ms, places) {
  const { data, series, zone } = view;
  const [first, last] = visibleBuckets(view);
  const i = ms > 0 ? nearest(data, ms) : last < first ? -1 : last;
  const values = Object.fromEntries(series.map(({ key }) => [key, figure(data.columns[key][i], places)]));
  return { time: i in data.at ? stamp(data.at[i], zone) : "", values, names: series };
}

// A reading as one sentence for a screen reader.
export const sentence = ({ time, values, names }) =>
  [time, ...names.map(({ key, name }) => `${name} ${values[key]}`)].join(", ");

// The element shown beside the pointer, with the values of the shown series.
export function tip(view, ms, places) {
  const { time, values } = reading(view, ms, places);
  const node = document.createElement("div");
  node.className = "chart-tip";
  node.append(Object.assign(document.createElement("p"), { textContent: time }));
  const rows = document.createElement("dl");
  for (const { key, name } of view.series.filter((line) => view.shown.includes(line.key))) {
    rows.append(
      Object.assign(document.createElement("dt"), { textContent: name }),
      Object.assign(document.createElement("dd"), { textContent: grouped(values[key]) }),
    );
  }
  node.append(rows);
  return node;
}

// The visible range in one sentence; empty without a bucket.
export function summary(view, places) {
  const { data, series, zone, t, name, zoom } = view;
  const [first, last] = visibleBuckets(view);
  if (last < first) return "";
  const [{ key }] = series;
  const values = data.columns[key].slice(first, last + 1).filter((value) => value !== null);
  return counted(t.chart_summary, last + 1 - first, {
    name,
    caption: zoom ? fill(t.chart_part, { caption: view.caption }) : view.caption,
    from: stamp(data.at[first], zone),
    to: stamp(data.at[last], zone),
    low: figure(Math.min(...values), places),
    high: figure(Math.max(...values), places),
    last: figure(values.at(-1), places),
  });
}
