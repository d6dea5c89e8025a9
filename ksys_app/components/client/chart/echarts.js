// The parts of ECharts that charts are made of, and no other: the build leaves the rest out.
import { CustomChart, LineChart } from "echarts/charts";
import { DataZoomComponent, GridComponent, MarkAreaComponent, MarkLineComponent, TooltipComponent } from "echarts/components";
import { getInstanceByDom, init, use } from "echarts/core";
import { CanvasRenderer, SVGRenderer } from "echarts/renderers";

use([
  CanvasRenderer, CustomChart, DataZoomComponent, GridComponent, LineChart, MarkAreaComponent, MarkLineComponent,
  SVGRenderer, TooltipComponent,
]);

export { getInstanceByDom, init, use };
