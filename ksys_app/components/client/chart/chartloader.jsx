// Loads the code of the chart, mostly the drawing library, only on pages with a chart.
import { lazy, Suspense } from "react";
import { useLive } from "../shell/live.jsx";

const Loaded = lazy(() =>
  import("./chart.jsx").then(({ Chart }) => ({ default: Chart })).catch(() => ({ default: NotLoaded })));

export function Chart(props) {
  return (
    <Suspense fallback={<Frame state="loading"><div className="bone chart-bone" aria-hidden="true" /></Frame>}>
      <Loaded {...props} />
    </Suspense>
  );
}

// Shown if the code cannot be loaded: the server does not answer, or has a newer build with other file names.
function NotLoaded() {
  const { t } = useLive();
  return (
    <Frame state="error">
      <div className="chart-note" role="alert" data-testid="chart-error">
        <p>{t.chart_code}</p>
        <button type="button" className="control" onClick={() => window.location.reload()}>{t.reload_page}</button>
      </div>
    </Frame>
  );
}

function Frame({ state, children }) {
  return (
    <figure className="chart" data-testid="chart" data-state={state}>
      <div className="chart-box">{children}</div>
    </figure>
  );
}
