// The pairs of two tags: points coloured by time, the regression line, and the correlation at each lag.
import { useEffect, useMemo, useState } from "react";
import { useColours } from "../../chart/colours.js";
import { brief, figure } from "../../lib/figures.js";
import { counted, fill } from "../../lib/words.js";
import { stamp } from "../../lib/zone.js";
import { useExplore } from "../store.jsx";
import { Canvas, tipOf } from "./canvas.jsx";
import { constantTags, formula, lagText, signed, strength } from "./requests.js";
import { axisName, lagOption, maxCount, pairsOption } from "./scatter.js";
import { shortName } from "./pieces.js";
import { WithNames } from "./withnames.jsx";

export function Pair({ body, selected, choose }) {
  const { theme, zone, x } = useExplore();
  const look = useColours(theme);
  const { x: xTag, y: yTag } = body;
  const names = [xTag.tag_name, yTag.tag_name];
  const option = useMemo(() => {
    if (body.n === 0) return null;
    return pairsOption(body, look, ({ value, seriesType }) => {
      if (seriesType === "custom") {
        return tipOf(counted(x.rel_pairs, value[2]), [
          [xTag.tag_name, `${figure(value[0], xTag.decimals)} – ${figure(value[3], xTag.decimals)} ${xTag.unit}`],
          [yTag.tag_name, `${figure(value[1], yTag.decimals)} – ${figure(value[4], yTag.decimals)} ${yTag.unit}`],
        ]);
      }
      return tipOf(stamp(value[2], zone), [
        [xTag.tag_name, `${figure(value[0], xTag.decimals)} ${xTag.unit}`],
        [yTag.tag_name, `${figure(value[1], yTag.decimals)} ${yTag.unit}`],
      ]);
    });
  }, [body, look, zone, x]);
  return (
    <div className="rel-pair">
      <figure className="rel-figure">
        {body.n === 0 ? <p className="rel-empty" data-testid="relation-none">{counted(x.rel_few, 0)}</p> : (
          <>
            <Canvas option={option} className="rel-canvas" data-testid="relation-pairs" data-points={body.n}
              label={`${axisName(xTag)}, ${axisName(yTag)}: ${sentence(body, x)}`} />
            <Legend body={body} zone={zone} x={x} />
          </>
        )}
      </figure>
      <div className="rel-side">
        <p className="rel-says" data-testid="relation-says"><WithNames text={sentence(body, x)} names={names} /></p>
        <dl className="rel-figures">
          <dt>{x.rel_r}</dt><dd data-testid="relation-r">{body.r === null ? "–" : signed(body.r)}</dd>
          <dt>{x.rel_n}</dt><dd data-testid="relation-n">{body.n}</dd>
          {body.slope === null ? null : (
            <>
              <dt>{x.rel_line}</dt><dd><WithNames text={formula(body)} names={names} /></dd>
              <dt>{x.rel_slope}</dt>
              <dd>
                <WithNames names={names}
                  text={fill(x.rel_per, { slope: `${brief(body.slope, 4)} ${yTag.unit}`.trim(), unit: `1 ${xTag.unit}`.trim(), x: xTag.tag_name })} />
              </dd>
            </>
          )}
        </dl>
        <Lags body={body} selected={selected} choose={choose} look={look} />
      </div>
    </div>
  );
}

// How the two tags correlate, or why that is not known.
function sentence(body, x) {
  const { n, r, x: xTag, y: yTag } = body;
  if (n < 3) return counted(x.rel_few, n);
  if (r === null) return fill(x.rel_still, { tag: constantTags(body).join(", ") });
  return fill(x[`rel_says_${strength(r)}`], { x: xTag.tag_name, y: yTag.tag_name });
}

function Legend({ body, zone, x }) {
  const { points, cells } = body;
  const { t: times } = points ?? {};
  const ends = times
    ? [times[0], times.at(-1)].map((ms) => stamp(ms, zone).slice(0, 16))
    : [1, maxCount(cells.n)].map((n) => counted(x.rel_pairs, n));
  return (
    <figcaption className="rel-legend">
      <span>{ends[0]}</span>
      <span className="rel-ramp" aria-hidden="true" />
      <span>{ends[1]}</span>
      <span className="sr-only">{points ? x.rel_by_time : x.rel_by_count}</span>
    </figcaption>
  );
}

const PAUSE_MS = 200;

function Lags({ body, selected, choose, look }) {
  const { x, t } = useExplore();
  const { lag: lags, r, n } = body.lags;
  const [lag, setLag] = useState(selected.lag);
  useEffect(() => setLag(selected.lag), [selected.lag, selected.x, selected.y]);
  // Changes the address and the request when the slider has not moved for PAUSE_MS.
  useEffect(() => {
    if (lag === selected.lag) return undefined;
    const timer = setTimeout(() => choose({ lag }), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [lag]);
  const option = useMemo(() => lagOption(body, lag, look, ([first]) => {
    const index = lags.indexOf(first?.value?.[0]);
    if (index < 0) return "";
    return tipOf(lagText(lags[index], body.bucket_s, shortName(body.y.tag_name), x, t), [
      [x.rel_r, r[index] === null ? "–" : signed(r[index])], [x.rel_n, String(n[index])],
    ]);
  }), [body, lag, look, x, t]);
  if (r.every((value) => value === null)) return null;
  const { best } = body;
  const text = lagText(lag, body.bucket_s, body.y.tag_name, x, t);
  return (
    <div className="rel-lags">
      <label className="rel-lag">
        <span>{x.rel_lag}</span>
        <input type="range" min={lags[0]} max={lags.at(-1)} step={1} value={lag} aria-valuetext={text} data-testid="relation-lag"
          onChange={(event) => setLag(Number(event.target.value))} />
      </label>
      <p className="rel-lag-said">
        <output data-testid="relation-lag-said">
          <WithNames text={lag === 0 ? text : `${text} (${lag > 0 ? "+" : ""}${lag})`} names={[body.y.tag_name]} />
        </output>
        {lag === 0 ? null : (
          <button type="button" className="control control-small" data-testid="relation-no-lag" onClick={() => setLag(0)}>{x.rel_no_lag}</button>
        )}
      </p>
      <p className="rel-lag-said">
        {best ? (
          <button type="button" className="control control-small" disabled={best.lag === lag} data-testid="relation-best"
            onClick={() => setLag(best.lag)}>
            {fill(x.rel_best, { lag: best.lag > 0 ? `+${best.lag}` : best.lag, r: signed(best.r) })}
          </button>
        ) : <span className="note">{x.rel_no_best}</span>}
      </p>
      <Canvas option={option} className="rel-lag-canvas" label={x.rel_curve} data-testid="relation-lags"
        onAt={(xValue) => setLag(Math.max(lags[0], Math.min(lags.at(-1), Math.round(xValue))))} />
      <p className="note">{fill(x.rel_curve_note, { bucket: body.bucket_s ? x[`bucket_${body.bucket}`] : "1 s" })}</p>
    </div>
  );
}
