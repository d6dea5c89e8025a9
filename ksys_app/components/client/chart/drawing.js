// A chart as an SVG for paper. A canvas would be printed in the size and the colours of the screen.
import { init } from "./echarts.js";
import { option } from "./option.js";

const WIDTH = 860;
const HEIGHTS = [290, 390];
const BOTTOM_PX = 28;
// Colours are CSS variables, so that the print style sheet sets them, whatever the theme of the screen.
const variable = (name) => `var(--${name})`;

// The SVG of a view. It has no size of its own: it fills the width of its parent.
export function drawing(view) {
  const names = Object.keys(view.colours).filter((name) => name !== "font" && name !== "series");
  const colours = {
    ...Object.fromEntries(names.map((name) => [name, variable(name)])),
    series: view.colours.series.map((_, n) => variable(`series-${n}`)),
    font: view.colours.font,
  };
  const height = HEIGHTS[view.panels - 1];
  const chart = init(null, null, { renderer: "svg", ssr: true, width: WIDTH, height });
  const { dataZoom, tooltip: _tooltip, ...chartOption } = option({ ...view, colours, width: WIDTH, height, compact: false });
  // Leave out the slider and its room below the lowest panel.
  const grid = chartOption.grid.map((panel) => (typeof panel.bottom === "number" ? { ...panel, bottom: BOTTOM_PX } : panel));
  chart.setOption({ ...chartOption, grid, dataZoom: dataZoom.filter(({ type }) => type === "inside") });
  const svg = chart.renderToSVGString({ useViewBox: true });
  chart.dispose();
  return svg;
}
