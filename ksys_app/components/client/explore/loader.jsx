// Loads the code of the workbench when a page shows it.
import { lazy, Suspense } from "react";
import { useLive } from "../shell/live.jsx";

const Loaded = lazy(() =>
  import("./workbench.jsx").then(({ Workbench }) => ({ default: Workbench })).catch(() => ({ default: NotLoaded })));

export function Workbench(props) {
  return (
    <Suspense fallback={<div className="bone chart-bone" aria-hidden="true" />}>
      <Loaded {...props} />
    </Suspense>
  );
}

// Shown if the code cannot be loaded: the server is down, or it has newer pages, whose files have other names.
function NotLoaded() {
  const { t } = useLive();
  return (
    <div className="box" role="alert" data-testid="chart-error">
      <p>{t.chart_code}</p>
      <button type="button" className="control" onClick={() => window.location.reload()}>{t.reload_page}</button>
    </div>
  );
}
