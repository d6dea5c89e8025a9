// The tables of the tools as rows of cells, with all digits; the first row has the names of the columns.
import { say } from "../../lib/words.js";
import { stamp } from "../../lib/zone.js";
import { chosen, requestOf } from "../relations/requests.js";

const DAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

// The names of the tables that have content.
export const tablesOf = ({ tags, compare, relation }) =>
  ["stats", ...(compare ? ["compare"] : []), ...(requestOf(chosen(relation, tags), tags, "") ? ["relations"] : []), "events"];

// Local time with its offset, as in the other files.
const iso = (ms, zone) => stamp(ms, zone).replace(" ", "T");

// The rows of a relation; `body` is the answer of the server.
export function relationRows(rel, body, zone) {
  if (rel === "histogram") return [["from", "to", "seconds"], ...body.seconds.map((seconds, bin) => [body.edges[bin], body.edges[bin + 1], seconds])];
  if (rel === "heatmap") {
    return [["weekday", "hour", "mean", "n"], ...body.mean.flatMap((hours, day) => hours.map((mean, hour) => [DAYS[day], hour, mean, body.n[day][hour]]))];
  }
  if (rel === "matrix") {
    const names = body.tags.map((tag) => tag.tag_name);
    return [["x", "y", "r", "n"], ...names.flatMap((x, i) => names.map((y, j) => [x, y, body.r[i][j], body.n[i][j]]))];
  }
  const { points, cells, x, y } = body;
  if (points) {
    const { t: times } = points;
    return [["bucket", x.tag_name, y.tag_name], ...times.map((ms, n) => [iso(ms, zone), points.x[n], points.y[n]])];
  }
  const edges = (cell) => [cells.x[cells.column[cell]], cells.x[cells.column[cell] + 1], cells.y[cells.row[cell]], cells.y[cells.row[cell] + 1]];
  const columns = [x, y].flatMap((tag) => ["from", "to"].map((end) => `${tag.tag_name} ${end}`));
  return [[...columns, "n"], ...cells.n.map((n, cell) => [...edges(cell), n])];
}

// The rows of the events; `body` is the answer of the server.
export const eventRows = (body, words) => [
  ["kind", "tag_name", "from", "to", "ongoing", "clipped", "level", "priority", "count", "text"],
  ...body.events.map(({ text, ...event }) => [
    event.kind, event.tag_name, event.from, event.to, String(event.ongoing), String(event.clipped), event.level, event.priority, event.count, say(words, { key: text.key, values: {} }),
  ]),
];
