// The tables below the chart as files: what the server answers for them.
import { load } from "../../lib/load.js";
import { requestOf as eventsAt } from "../lane/events.js";
import { chosen, requestOf as relationAt, timeOf as relationTime } from "../relations/requests.js";
import { comparisonRows, csvOf, comparedEnds, statisticsRows, timeOf, statsUrl } from "../stats/model.js";
import { safe } from "./request.js";
import { eventRows, relationRows } from "./rows.js";

const BOM = "\ufeff";

/** A table as a file. `explore` is what the workbench shows, `words` the texts. */
export async function tableFile(name, explore, words, signal) {
  const rows = await ROWS[name](explore, async (url) => (await load(url, signal)).data, words);
  return { blob: new Blob([BOM, csvOf(rows)], { type: "text/csv" }), name: safe(`${explore.tags[0]} ${name}.csv`) };
}

const ROWS = {
  async stats({ tags, timeQuery, zoom, part, data }, read) {
    return statisticsRows(inOrder(await read(statsUrl(tags, timeOf({ timeQuery, zoom, part, data }).query)), tags));
  },
  async compare({ tags, timeQuery, zoom, part, data }, read) {
    const time = timeOf({ timeQuery, zoom, part, data });
    const then = data.series.find((one) => one.compare)?.compare;
    const ends = time.of === "all" ? [then.from, then.to] : comparedEnds(then, time.ends);
    const [from, to] = ends.map((ms) => new Date(ms).toISOString());
    const [own, other] = await Promise.all([time.query, `from=${from}&to=${to}`].map((query) => read(statsUrl(tags, query))));
    return comparisonRows(inOrder(own, tags), inOrder(other, tags));
  },
  async relations({ tags, relation, timeQuery, zoom, part, zone }, read) {
    const one = chosen(relation, tags);
    return relationRows(one.rel, await read(relationAt(one, tags, relationTime({ timeQuery, zoom, part }))), zone);
  },
  async events({ tags, timeQuery }, read, words) {
    return eventRows(await read(eventsAt(tags, timeQuery)), words);
  },
};

const inOrder = (answer, tags) => ({ ...answer, tags: tags.map((tag) => answer.tags.find((one) => one.tag_name === tag)) });
