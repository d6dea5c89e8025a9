// A chart as a drawing of lines: for paper, where a canvas keeps the size and the colours of the screen.
import { init } from "./echarts.js";
import { option } from "./option.js";

const WIDTH = 860;
const HEIGHTS = [290, 390];
const FOOT = 28;
// By name, so that the style sheet of paper says what each is, whatever the theme of the screen.
const ink = (name) => `var(--${name})`;

// The SVG of a view; it has no size of its own and fills the width it is given.
export function drawing(view) {
  const names = Object.keys(view.colours).filter((name) => name !== "font" && name !== "series");
  const colours = {
    ...Object.fromEntries(names.map((name) => [name, ink(name)])),
    series: view.colours.series.map((_, n) => ink(`series-${n}`)),
    font: view.colours.font,
  };
  const height = HEIGHTS[view.panels - 1];
  const chart = init(null, null, { renderer: "svg", ssr: true, width: WIDTH, height });
  const { dataZoom, tooltip: _tooltip, ...made } = option({ ...view, colours, width: WIDTH, height, compact: false });
  // Without the slider, and without the room under the lowest panel that it takes.
  const grid = made.grid.map((one) => (typeof one.bottom === "number" ? { ...one, bottom: FOOT } : one));
  chart.setOption({ ...made, grid, dataZoom: dataZoom.filter(({ type }) => type === "inside") });
  const svg = chart.renderToSVGString({ useViewBox: true });
  chart.dispose();
  return svg;
}
