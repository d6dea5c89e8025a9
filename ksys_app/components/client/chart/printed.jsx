// A chart as it is printed; beside it, paper.jsx is on every page.
import { useEffect, useRef } from "react";
import { drawing } from "./drawing.js";

// The place of a chart's drawing, which is made when the page is printed.
export function ChartOnPaper({ view }) {
  const node = useRef(null);
  const shown = useRef(view);
  shown.current = view;
  useEffect(() => {
    const print = window.matchMedia("print");
    // At once: what is made later comes too late for the paper.
    const draw = () => {
      if (shown.current && !node.current.firstChild) node.current.innerHTML = drawing(shown.current);
    };
    const clear = () => node.current?.replaceChildren();
    const changed = () => (print.matches ? draw() : clear());
    window.addEventListener("beforeprint", draw);
    window.addEventListener("afterprint", clear);
    print.addEventListener("change", changed);
    return () => {
      window.removeEventListener("beforeprint", draw);
      window.removeEventListener("afterprint", clear);
      print.removeEventListener("change", changed);
    };
  }, []);
  return <div ref={node} className="chart-paper" aria-hidden="true" data-testid="chart-paper" />;
}
