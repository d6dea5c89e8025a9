// The requests of the statistics of /explore, and their figures as cells of a table, of a text and of a file.
import { ageText } from "../../lib/age.js";
import { brief, DASH, figure, places } from "../../lib/figures.js";
import { stamp } from "../../lib/zone.js";
import { zoomWithin } from "../../chart/zoom.js";

export const VALUES = ["mean", "last", "min", "max", "std", "p5", "p50", "p95"];
// The figures that give the span of a tag's values. A calculated tag has no `min` and `max`, so the others count, too.
const SPAN_FIGURES = ["min", "max", "p5", "p95", "last"];
export const LIMITS = ["MIN", "LL", "L", "H", "HH", "MAX"];
const FEW_DIGITS = 4;
// Spreadsheets read a text that begins with one of these as a formula.
const FORMULA = /^[=+\-@\t\r\n＝＋－＠]/;

const iso = (ms) => new Date(ms).toISOString();
const between = ([from, to]) => `from=${iso(from)}&to=${iso(to)}`;

// The time of the statistics: the selected part, the zoom, or the whole window. `of` says which one; `query` is the time as query
// parameters; `ends` are epoch ms, null if the data are needed to know them; `follows`: new values may fall into the time.
export function timeOf({ timeQuery, zoom, part, data }) {
  const chosen = part.length === 2 ? part : zoom;
  const ends = data ? zoomWithin(chosen, data) : chosen.length === 2 ? chosen : null;
  if (ends === null) {
    const query = new URLSearchParams(timeQuery);
    query.delete("bucket");
    return { of: "all", query: String(query), follows: true, ends: data ? [data.from, data.to] : null };
  }
  const of = chosen === part ? "part" : "zoom";
  return { of, query: between(ends), follows: !data || ends[1] > data.to - Math.max(1, data.bucketS) * 1000, ends };
}

// The URL of the statistics of tags; `query` is the time. The tags are sorted, so that their order makes no new request.
export const statsUrl = (tags, query) => `/api/v1/stats?${query}${[...tags].sort().map((tag) => `&tag=${encodeURIComponent(tag)}`).join("")}`;

// The ends of the compared time that belong to the ends of a part, epoch ms. `compare.other` has the compared time of each row of
// `compare.at`; each end takes the distance of the last row before it. Null without compared rows.
export function comparedEnds(compare, ends) {
  if (!compare) return null;
  const rows = compare.at.map((ms, row) => [ms, compare.other[row]]).filter(([, other]) => other !== null && other !== undefined);
  if (rows.length === 0) return null;
  return ends.map((end) => {
    const [ms, other] = rows.findLast(([ms]) => ms <= end) ?? rows[0];
    return other + end - ms;
  });
}

// The mean of the bucket that contains a time, or the last sample before it; null in a gap.
export function valueAt(series, ms, bucketS) {
  const row = series.at.findLastIndex((at) => at <= ms);
  if (row < 0 || (bucketS > 0 && ms >= series.at[row] + bucketS * 1000)) return null;
  return series.columns.avg[row] ?? null;
}

// The values of a tag at both ends of the selected part, and their difference; each null without a value.
export function valuesAtEnds(series, [from, to], bucketS) {
  if (!series) return { from: null, to: null, difference: null };
  const values = { from: valueAt(series, from, bucketS), to: valueAt(series, to, bucketS) };
  return { ...values, difference: values.from === null || values.to === null ? null : values.to - values.from };
}

// How many decimals the values of a tag have. `stats` are its statistics of all times that are shown beside each other.
export const decimalsOf = (...stats) => {
  const values = stats.flatMap((row) => SPAN_FIGURES.map((name) => row?.[name])).filter((value) => typeof value === "number");
  return values.length ? places(Math.min(...values), Math.max(...values)) : 1;
};

const fewDigits = (value) => (value === null ? DASH : brief(value, FEW_DIGITS));
const withUnit = (text, unit) => (unit && text !== DASH ? `${text} ${unit}` : text);
export const percent = (share) => (share === null ? DASH : `${brief(Number((100 * share).toPrecision(3)))} %`);
export const timeText = (text, zone) => (text ? stamp(Date.parse(text), zone).slice(0, 19) : "");

// The cells of a tag by the name of the figure, each with its `text`. The cells of `min` and `max` also have their time, as text and in
// ms. `endValues` are those of `valuesAtEnds`.
export function cellsOf(row, { zone, endValues = null }) {
  const decimals = decimalsOf(row);
  const value = (number) => figure(number, decimals);
  const endCells = endValues === null ? {} : {
    at_from: { text: value(endValues.from) }, at_to: { text: value(endValues.to) }, difference: { text: signed(endValues.difference, decimals) },
  };
  const valueCells = Object.fromEntries(VALUES.map((name) => [name, { text: name === "std" ? fewDigits(row.std) : value(row[name]) }]));
  for (const name of ["min", "max"]) {
    if (row[`${name}_at`]) Object.assign(valueCells[name], { time: timeText(row[`${name}_at`], zone), ms: Date.parse(row[`${name}_at`]) });
  }
  return {
    ...endCells,
    ...valueCells,
    slope: { text: withUnit(fewDigits(row.slope_per_hour), `${row.unit}/h`) },
    integral: { text: row.integral ? withUnit(row.integral.value === null ? DASH : brief(row.integral.value), row.integral.unit) : "" },
    count: { text: row.count === null ? DASH : String(row.count) },
    coverage: { text: percent(row.coverage) },
  };
}

// A value with its sign. A value that rounds to zero has no sign.
export function signed(value, decimals) {
  if (value === null) return DASH;
  const text = figure(value, decimals);
  if (!/[1-9]/.test(text)) return text.replace("-", "");
  return value > 0 ? `+${text}` : text;
}

// The sign between a value that is beyond a limit and this limit. A value that is equal to a limit is
// beyond it, one that is equal to an end of the range is not.
export const beyondSign = ({ name, side }) =>
  (side === "above" ? ["≥", ">"] : ["≤", "<"])[Number(name === "MIN" || name === "MAX")];

// The limits of a tag, each with how long its values were beyond it, as seconds, text and share.
export const limitsOf = (row, t) => row.limits.map((limit) => ({
  name: limit.name, sign: beyondSign(limit), value: brief(limit.value), seconds: limit.seconds,
  time: ageText(limit.seconds, t), share: percent(limit.share),
}));

// The figures of a tag in two times: for each figure its name, and the `values` and `texts` of this time, of the other time, of the
// difference, and of the difference in percent of the other time.
export function compareFigures(current, other) {
  const decimals = decimalsOf(current, other);
  return ["mean", "min", "max", "last"].map((name) => {
    const [a, b] = [current?.[name] ?? null, other?.[name] ?? null];
    const difference = a === null || b === null ? null : a - b;
    const share = difference === null || b === 0 ? null : difference / Math.abs(b);
    return {
      name, values: [a, b, difference, share === null ? null : 100 * share],
      texts: [figure(a, decimals), figure(b, decimals), signed(difference, decimals), share === null ? DASH : signedPercent(100 * share)],
    };
  });
}

// A percentage with its sign: two decimals below 10 %, three digits from there on.
function signedPercent(value) {
  const rounded = Math.abs(value) < 10 ? Number(value.toFixed(2)) : Number(value.toPrecision(3));
  return `${rounded > 0 ? "+" : ""}${brief(rounded)} %`;
}

// Rows as text with tabs, which a spreadsheet pastes as cells.
export const textOf = (rows) => rows.map((row) => row.map((cell) => String(cell).replace(/[\t\r\n]+/g, " ")).join("\t")).join("\n");

// Rows as CSV: texts that no spreadsheet reads as formulas, numbers with all digits, and empty fields for missing values.
export const csvOf = (rows) => rows.map((row) => row.map(csvField).join(",")).join("\r\n") + "\r\n";

function csvField(value) {
  if (value === null || value === undefined) return "";
  if (typeof value === "number") return String(value);
  const text = FORMULA.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

// All figures of all tags as rows of a file. The first row has the names. `endValues` has those of `valuesAtEnds` by tag.
export function statisticsRows(answer, endValues = {}) {
  const figures = ["count", "covered_s", "coverage", "mean", "std", "min", "min_at", "max", "max_at", "last", "last_at", "p5", "p50", "p95", "slope_per_hour"];
  const endNames = ["value_from", "value_to", "difference"];
  const names = ["tag_name", "title", "unit", "from", "to", "source", ...figures, "integral", "integral_unit", ...LIMITS.map((name) => `beyond_${name}_s`), ...endNames];
  return [names, ...answer.tags.map((row) => {
    const ends = endValues[row.tag_name] ?? { from: null, to: null, difference: null };
    const beyond = Object.fromEntries(row.limits.map((limit) => [limit.name, limit.seconds]));
    return [
      row.tag_name, row.title, row.unit, answer.from, answer.to, answer.source, ...figures.map((name) => row[name]),
      row.integral?.value ?? null, row.integral?.unit ?? "", ...LIMITS.map((name) => beyond[name] ?? null), ends.from, ends.to, ends.difference,
    ];
  })];
}

// The figures of all tags in two times as rows of a file. The first row has the names.
export const comparisonRows = (current, other) => [
  ["tag_name", "figure", "value", "other", "difference", "percent", "from", "to", "other_from", "other_to"],
  ...current.tags.flatMap((row) => compareFigures(row, other.tags.find(({ tag_name }) => tag_name === row.tag_name)).map(({ name, values }) => [
    row.tag_name, name, ...values, current.from, current.to, other.from, other.to,
  ])),
];
