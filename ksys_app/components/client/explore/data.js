// Requests and answers of /api/v1/timeseries for the workbench.
import { decoded } from "./decode.js";

// The answer for one or several tags in one shape: its time, its bucket, and a series for each tag in the order of the answer. `tag` is
// the tag of an answer for one tag, which does not name it. Series may share the array of their times (`at`).
export function normalised(answer, tag) {
  const body = decoded(answer);
  const allSeries = body.series ?? [{ ...body, tag_name: tag }];
  return {
    from: body.from_ms,
    to: body.to_ms,
    bucket: body.bucket,
    bucketS: body.bucket_s,
    stale: body.stale ?? null,
    series: allSeries.map((series) => seriesOf(series, body)),
  };
}

function seriesOf(series, body) {
  const { bucket, ...columns } = series.columns;
  return {
    tag: series.tag_name,
    title: series.title ?? "",
    unit: series.unit ?? "",
    truncated: series.truncated,
    at: bucket ?? body.times,
    columns,
    compare: series.compare ? comparedSeries(series.compare, body) : null,
  };
}

// The compared series: `at` are the times of its rows on the time axis of the chart, `other` the times in the compared time.
function comparedSeries({ from, to, columns }, body) {
  const { bucket, other, ...figures } = columns;
  return { from: Date.parse(from), to: Date.parse(to), at: bucket ?? body.times, other: other ?? body.other_times, columns: figures };
}

// The URL of the series of tags. `timeQuery` is the query of the time and of the bucket.
export function requestOf({ tags, timeQuery, compare, columns = "bucket,avg,min,max" }) {
  const query = new URLSearchParams(timeQuery);
  tags.forEach((tag) => query.append("tag", tag));
  query.append("format", "columns");
  query.append("columns", columns);
  query.append("encoding", "delta");
  if (compare) query.append("compare", compare);
  return `/api/v1/timeseries?${query}`;
}

const MAX_BUCKETS = 10_000;
const MAX_RAW_S = 7200;
const WIDTHS_S = { "1m": 60, "10m": 600, "1h": 3600, "1d": 86_400 };

// The names of the bucket widths that fit the shown time, and the chosen one. "" is the width that the length of the time gives.
export function bucketsFor(data, chosen) {
  const seconds = data ? (data.to - data.from) / 1000 : 0;
  const fitting = Object.keys(WIDTHS_S).filter((name) => WIDTHS_S[name] <= seconds && seconds / WIDTHS_S[name] <= MAX_BUCKETS);
  const widths = ["", ...(seconds > 0 && seconds <= MAX_RAW_S ? ["raw"] : []), ...fitting];
  return widths.includes(chosen) ? widths : [...widths, chosen];
}
