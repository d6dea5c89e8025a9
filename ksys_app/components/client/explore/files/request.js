// The requests and the names of the files of the workbench.

// The spans that a file may have, as `[name, [from, to]]` in epoch ms: all of the chart, the zoom, and the selected part.
export function spansOf({ data, zoom, part }) {
  if (!data) return [];
  const all = [data.from, data.to];
  const parts = [["zoom", zoom], ["part", part]].filter(([, ends]) => ends.length === 2);
  return [["all", all], ...parts];
}

// The URL of a file. `span` is one of `spansOf`, `data` the series of the chart, `timeQuery` the time query of the page; `bucket` is empty for the
// buckets of the chart.
export function fileUrl({ kind, tags, span, data, timeQuery, compare, bucket, layout, figures }) {
  const [name, ends] = span;
  const query = new URLSearchParams();
  tags.forEach((tag) => query.append("tag", tag));
  if (name === "all") new URLSearchParams(timeQuery).forEach((value, key) => key !== "bucket" && query.append(key, value));
  else ["from", "to"].forEach((key, n) => query.append(key, iso(ends[n])));
  const width = bucket || data.bucket;
  query.append("bucket", width);
  if (compare) query.append("compare", name === "all" ? compare : comparedStart(ends[0], data));
  query.append("layout", layout);
  query.append("fields", width === "raw" ? "last" : figures);
  return `/api/v1/series.${kind}?${query}`;
}

// The start of the compared time of a part. The distance between both is the same as for all of the chart.
function comparedStart(start, { from, series }) {
  const comparedFrom = series.find(({ compare }) => compare)?.compare.from ?? from;
  return iso(start - (from - comparedFrom));
}

const iso = (ms) => new Date(Math.round(ms)).toISOString();

const WIDTHS = { "1m": 60, "10m": 600, "1h": 3600, "1d": 86_400 };

// The approximate number of lines of a file; 0 for samples, whose number is not known.
export function lineCount({ tags, span, data, bucket, layout }) {
  const [, [from, to]] = span;
  const width = WIDTHS[bucket || data.bucket];
  return width ? Math.ceil((to - from) / 1000 / width) * (layout === "rows" ? tags.length : 1) : 0;
}

// The file name in the header `Content-Disposition` (RFC 6266), or `fallback` if it has none.
export function fileNameOf(header, fallback) {
  const match = /filename\*=UTF-8''([^;]+)/.exec(header ?? "");
  return match ? decodeURIComponent(match[1]) : fallback;
}

// The file name of a picture: its first tag, the number of further tags, and the start of its range.
export function pictureName(tags, start, kind) {
  const more = tags.length > 1 ? ` and ${tags.length - 1} more` : "";
  const name = [...(tags[0] ?? "")].slice(0, 50).join("");
  return safe(`${name}${more} ${start}.${kind}`);
}

// A file name without the characters that an operating system forbids.
export const safe = (name) => name.replace(/[/\\:*?"<>|]/g, (character) => (character === ":" ? "." : "_"));

const UNITS = ["B", "KB", "MB", "GB"];

// A size in bytes as text: `2.4 MB`.
export function sizeText(bytes) {
  const power = Math.min(Math.max(Math.floor(Math.log10(Math.max(bytes, 1)) / 3), 0), UNITS.length - 1);
  const value = bytes / 1000 ** power;
  return `${power === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${UNITS[power]}`;
}
