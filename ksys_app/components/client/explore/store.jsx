// The state that the parts of the workbench share: the selection, the series, and the actions.
import { createContext, useContext, useMemo, useState } from "react";
import { colours } from "./colours.js";
import { normalised, requestOf } from "./data.js";
import { zoomWithin } from "../chart/zoom.js";
import { useCursor } from "../lib/cursor.js";
import { useNewest } from "./chart/silent.jsx";
import { useFetched } from "../lib/columns.js";
import { useLive } from "../shell/live.jsx";
import { useWords } from "../lib/usewords.js";

const ExploreContext = createContext(null);
export const useExplore = () => useContext(ExploreContext);

export function Explore({ children, ...props }) {
  const { tags, hidden, compare, timeQuery, version, zoom, part, theme, caption, facts } = props;
  const live = useLive();
  const { explore: x } = useWords();
  // The request has the tags sorted, so that a move of a tag in the legend fetches nothing.
  const url = useMemo(() => requestOf({ tags: [...tags].sort(), timeQuery, compare }), [[...tags].sort().join("\n"), timeQuery, compare]);
  const { data: body, loading, failed, again } = useFetched(url, version);
  const data = useMemo(() => {
    if (!body) return null;
    const answer = normalised(body, tags[0]);
    const byTag = new Map(answer.series.map((series) => [series.tag, series]));
    return { ...answer, series: tags.map((tag) => byTag.get(tag)).filter(Boolean).map((series) => ({ ...series, ...facts[series.tag] })) };
  }, [body, tags, facts]);
  const newest = useNewest(data);
  const colourOf = useMemo(() => colours(tags), [tags]);
  const cursor = useCursor();
  const range = useMemo(() => (data ? zoomWithin(zoom, data) ?? [data.from, data.to] : null), [data, zoom]);
  const [plot, setPlot] = useState(null);
  // Whether the field for the start of the compared time has to take the focus as soon as it is shown.
  const [startRequested, requestStart] = useState(false);
  const act = {
    chooseTags: props.onTags, hide: props.onHide, chooseLayout: props.onLayout, chooseCompare: props.onCompare, chooseDifference: props.onDifference,
    chooseBucket: props.onBucket, setZoom: props.onZoom, setPart: props.onPart, chooseTool: props.onTool,
    chooseRelation: props.onRelation, widen: props.onWiden, setRange: props.onRange,
  };
  const value = {
    tags, hidden, compare, timeQuery, version, zoom, part, theme, caption, layout: props.layout, difference: props.difference && compare !== "", bucket: props.bucket, tool: props.tool,
    relation: props.relation, most: props.most, url, data, newest, loading, failed, again, range, cursor, act, x, t: live.t, zone: live.zone,
    colour: (tag) => colourOf.get(tag) ?? 1, plot, setPlot, setDifference: props.onDifference,
    compareProblem: props.compareProblem, startRequested, requestStart,
  };
  return <ExploreContext.Provider value={value}>{children}</ExploreContext.Provider>;
}
