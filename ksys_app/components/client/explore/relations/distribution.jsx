// The distribution of the values of a tag: how long it had the values of each bin, and how long it was beyond each limit.
import { useMemo } from "react";
import { useColours } from "../../chart/colours.js";
import { figure } from "../../lib/figures.js";
import { ageText, lengthText } from "../../lib/age.js";
import { fill } from "../../lib/words.js";
import { beyondSign } from "../stats/model.js";
import { useExplore } from "../store.jsx";
import { barText, binsOption } from "./bins.js";
import { Canvas, tipOf } from "./canvas.jsx";
import { percent, share } from "./requests.js";

export function Distribution({ body }) {
  const { theme, x, t } = useExplore();
  const look = useColours(theme);
  const { tag, edges, seconds, covered_s: covered } = body;
  const valueText = (value) => `${figure(value, tag.decimals)} ${tag.unit}`.trim();
  const binText = (bin) => `${figure(edges[bin], tag.decimals)} – ${valueText(edges[bin + 1])}`;
  const option = useMemo(() => seconds.length > 1 && binsOption(body, look, ({ dataIndex }) => tipOf(binText(dataIndex), [
    [x.rel_share, `${barText(body, dataIndex)} %`], [x.rel_time, durationText(seconds[dataIndex], t)],
  ]), `${x.rel_share} (%)`), [body, look, x, t]);
  if (!seconds.length) return <p className="rel-empty" data-testid="relation-none">{x.rel_none}</p>;
  return (
    <div className="rel-pair">
      <figure className="rel-figure">
        {seconds.length === 1 ? <p className="rel-empty">{fill(x.rel_constant, { value: valueText(body.mean) })}</p> : (
          <Canvas option={option} className="rel-canvas" data-testid="relation-bins" data-bins={seconds.length}
            label={fill(x.rel_histogram_label, { tag: tag.tag_name, low: valueText(edges[0]), high: valueText(edges.at(-1)) })} />
        )}
      </figure>
      <div className="rel-side">
        <dl className="rel-figures">
          <dt>{x.rel_mean}</dt><dd>{valueText(body.mean)}</dd>
          <dt>{x.rel_median}</dt><dd>{valueText(body.p50)}</dd>
          <dt>{x.rel_covered}</dt><dd>{durationText(covered, t)}</dd>
        </dl>
        <Limits body={body} valueText={valueText} />
        {seconds.length === 1 ? null : <details className="rel-more">
          <summary>{x.rel_table}</summary>
          <div className="rel-scroll" tabIndex={0} role="region" aria-label={x.rel_table}>
            <table className="rel-table">
              <thead><tr><th scope="col">{x.rel_value}</th><th scope="col" className="num">{x.rel_share}</th>
                <th scope="col" className="num">{x.rel_time}</th></tr></thead>
              <tbody>
                {seconds.map((inBin, bin) => (
                  <tr key={edges[bin]}><th scope="row">{binText(bin)}</th><td className="num">{barText(body, bin)} %</td>
                    <td className="num">{durationText(inBin, t)}</td></tr>
                ))}
              </tbody>
            </table>
          </div>
        </details>}
      </div>
    </div>
  );
}

// How long the tag was beyond each limit, the highest limit first.
function Limits({ body, valueText }) {
  const { x, t } = useExplore();
  if (!body.limits.length) return <p className="note">{x.rel_no_limits}</p>;
  return (
    <table className="rel-table" data-testid="relation-limits">
      <thead><tr><th scope="col">{x.rel_limit}</th><th scope="col" className="num">{x.rel_share}</th>
        <th scope="col" className="num">{x.rel_time}</th></tr></thead>
      <tbody>
        {body.limits.toReversed().map(({ name, value: limit, side, seconds }) => (
          <tr key={name} data-over={seconds > 0}>
            <th scope="row">{name} {beyondSign({ name, side })} {valueText(limit)}</th>
            <td className="num">{percent(share(seconds, body.covered_s))} %</td>
            <td className="num">{durationText(seconds, t)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

const durationText = (seconds, t) => (seconds < 120 ? ageText(seconds, t) : lengthText(Math.round(seconds / 60), t));
