// A small ECharts chart on a canvas; it is drawn again when its option changes. The component around it also shows the content as text.
// `onAt` is called with the x value of a click.
import { useEffect, useRef } from "react";
import { init } from "./echarts.js";
import { shortName } from "./pieces.js";

export function Canvas({ option, className, label, onAt = undefined, ...rest }) {
  const box = useRef(null);
  const chart = useRef(null);
  const latestOnAt = useRef(onAt);
  latestOnAt.current = onAt;
  const latestOption = useRef(null);
  latestOption.current = option;
  useEffect(() => {
    const instance = init(box.current, null, { renderer: "canvas" });
    chart.current = instance;
    const observer = new ResizeObserver(() => instance.resize());
    observer.observe(box.current);
    instance.getZr().on("click", ({ offsetX, offsetY }) => {
      if (!latestOnAt.current || !instance.containPixel("grid", [offsetX, offsetY])) return;
      latestOnAt.current(instance.convertFromPixel("grid", [offsetX, offsetY])[0]);
    });
    // A canvas is not drawn again by itself when a font has loaded.
    const onFonts = () => latestOption.current && instance.setOption(latestOption.current, { notMerge: true });
    document.fonts.addEventListener("loadingdone", onFonts);
    return () => {
      document.fonts.removeEventListener("loadingdone", onFonts);
      observer.disconnect();
      instance.dispose();
      chart.current = null;
    };
  }, []);
  useEffect(() => {
    if (option) chart.current?.setOption(option, { notMerge: true });
  }, [option]);
  return <div className={className} ref={box} role="img" aria-label={label} {...rest} />;
}

// The tooltip: a head, and rows of a name and a value.
export function tipOf(head, rows) {
  const node = document.createElement("div");
  node.className = "chart-tip";
  node.append(Object.assign(document.createElement("p"), { textContent: head }));
  const list = document.createElement("dl");
  for (const [name, value] of rows) {
    list.append(
      Object.assign(document.createElement("dt"), { textContent: shortName(name) }),
      Object.assign(document.createElement("dd"), { textContent: value }),
    );
  }
  node.append(list);
  return node;
}
