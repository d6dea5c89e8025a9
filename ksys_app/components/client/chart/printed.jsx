// A chart on a printed page.
import { useEffect, useRef } from "react";
import { watchPaper } from "../lib/usepaper.js";
import { drawing } from "./drawing.js";

// The place of a chart's SVG, which is drawn when the page is printed. `draw` returns the SVG of a view.
export function ChartOnPaper({ view, draw = drawing }) {
  const node = useRef(null);
  const shown = useRef(view);
  shown.current = view;
  useEffect(() => watchPaper(
    () => {
      if (shown.current && !node.current.firstChild) node.current.innerHTML = draw(shown.current);
    },
    () => node.current?.replaceChildren(),
  ), []);
  return <div ref={node} className="chart-paper" aria-hidden="true" data-testid="chart-paper" />;
}
