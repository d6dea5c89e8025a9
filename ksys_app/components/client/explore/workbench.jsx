// The workbench: chart and legend of up to nine tags, and the chosen tool below them.
import "../lib/explorewords.js";
import { Explore, useExplore } from "./store.jsx";
import { at } from "../lib/paths.js";
import { Chart } from "./chart/chart.jsx";
import { Compared } from "./stats/compared.jsx";
import { Files } from "./files/files.jsx";
import { Lane } from "./lane/lane.jsx";
import { Legend } from "./chart/legend.jsx";
import { Calculated } from "./calc/calculated.jsx";
import { Choices } from "./choices.jsx";
import { NoteKey } from "./notes/key.jsx";
import { Notes } from "./notes/notes.jsx";
import { SkipLink } from "../shell/keys.jsx";
import { Relations } from "./relations/relations.jsx";
import { Statistics } from "./stats/statistics.jsx";

const SHEETS = ["explore", "explore-stats", "explore-relations"];
const TOOLS = { stats: Statistics, compare: Compared, relations: Relations, events: Notes };

export function Workbench(props) {
  return (
    <Explore {...props}>
      {SHEETS.map((name) => <link key={name} rel="stylesheet" href={at(`/look/${name}.css`)} precedence="explore" />)}
      <Body />
    </Explore>
  );
}

function Body() {
  const { tool, act, x } = useExplore();
  const Tool = TOOLS[tool];
  return (
    <div className="explore">
      <SkipLink to="explore-tools" text={x.skip_tools} />
      <NoteKey />
      <section className="explore-chart" aria-label={x.chart}>
        <div className="explore-head">
          <Choices />
          <Calculated />
          <Files />
        </div>
        <Chart />
        <Lane />
        <Legend />
      </section>
      <section className="explore-tools" aria-label={x.tools} id="explore-tools" tabIndex={-1}>
        <div className="segmented" role="group" aria-label={x.tools}>
          {Object.keys(TOOLS).map((name) => (
            <button key={name} type="button" aria-pressed={name === tool} data-testid={`tool-${name}`}
              onClick={() => act.chooseTool(name)}>{x[`tool_${name}`]}</button>
          ))}
        </div>
        <Tool />
      </section>
    </div>
  );
}
