// The row above the chart: which buckets and which compared time the lines show, and the buttons for zoom, move, part and difference.
import { useExplore } from "../store.jsx";
import { fill } from "../../lib/words.js";
import { dashedText } from "./reading.js";

export function Tools({ view, plot, selecting, setSelecting }) {
  const { data, compare, difference, part, act, x, t } = useExplore();
  const zoomed = Boolean(view?.zoom);
  const button = ({ name, label, sign = "", keys = "", disabled = false, pressed = undefined, onClick }) => (
    <button type="button" className={pressed === undefined ? "tool" : "tool tool-toggle"} disabled={!view || disabled} aria-pressed={pressed} data-testid={name}
      aria-label={sign ? label : undefined} title={keys ? `${label} (${keys})` : label} onClick={onClick}>{sign || label}</button>
  );
  const dashed = view ? dashedText(view) : "";
  const truncated = view?.entries.some((entry) => entry.truncated);
  return (
    <div className="explore-tools-row">
      <p className="explore-of note" data-testid="plot-of">
        {data ? (data.bucketS === 0 ? x.plot_samples : fill(x.plot_buckets, { bucket: x[`bucket_${data.bucket}`] ?? data.bucket })) : ""}
        {truncated ? ` ${x.plot_truncated}` : ""}
        {dashed ? <span className="plot-dashed" data-testid="plot-dashed"> {dashed}</span> : null}
      </p>
      <div className="chart-tools" role="group" aria-label={x.plot_tools}>
        {compare ? button({ name: "difference", label: x.plot_difference, sign: "Δ", pressed: Boolean(difference), onClick: () => act.chooseDifference(!difference) }) : null}
        {button({ name: "select-part", label: x.plot_select, keys: x.plot_select_keys, pressed: selecting, onClick: () => setSelecting(!selecting) })}
        {part.length === 2 ? button({ name: "clear-part", label: x.plot_clear, keys: "Esc", onClick: () => act.setPart([]) }) : null}
        {button({ name: "pan-earlier", label: x.plot_earlier, sign: "‹", keys: "Shift+←", disabled: !zoomed, onClick: () => plot.current.pan(-0.25) })}
        {button({ name: "pan-later", label: x.plot_later, sign: "›", keys: "Shift+→", disabled: !zoomed, onClick: () => plot.current.pan(0.25) })}
        {button({ name: "zoom-in", label: t.chart_in, sign: "+", keys: "+", onClick: () => plot.current.zoomBy(0.5) })}
        {button({ name: "zoom-out", label: zoomed ? t.chart_out : t.chart_wider, sign: "−", keys: "-", onClick: () => plot.current.zoomBy(2) })}
        {button({ name: "zoom-reset", label: t.chart_reset, keys: "0", disabled: !zoomed, onClick: () => plot.current.zoom(null) })}
      </div>
    </div>
  );
}
