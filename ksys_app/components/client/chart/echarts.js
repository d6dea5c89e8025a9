// Only those parts of ECharts that our charts use, so that the build leaves out the rest.
import { CustomChart, LineChart } from "echarts/charts";
import { DataZoomComponent, GridComponent, MarkAreaComponent, MarkLineComponent, TooltipComponent } from "echarts/components";
import { getInstanceByDom, graphic, init, use } from "echarts/core";
import { CanvasRenderer, SVGRenderer } from "echarts/renderers";

use([
  CanvasRenderer, CustomChart, DataZoomComponent, GridComponent, LineChart, MarkAreaComponent, MarkLineComponent,
  SVGRenderer, TooltipComponent,
]);

export { getInstanceByDom, graphic, init, use };
