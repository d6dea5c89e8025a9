// ECharts with scatter series, which no other chart of the product needs.
import { ScatterChart } from "echarts/charts";
import { init, use } from "../../chart/echarts.js";

use([ScatterChart]);

export { init };
