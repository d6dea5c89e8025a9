// The table of the correlations of all tags with each other; a click opens the pairs of two tags.
import { useState } from "react";
import { Name } from "../../grid/name.jsx";
import { counted, fill } from "../../lib/words.js";
import { useExplore } from "../store.jsx";
import { signed } from "./requests.js";
import { WithNames } from "./withnames.jsx";

export function Matrix({ body, choose }) {
  const { x } = useExplore();
  const [cell, setCell] = useState(null);
  const { tags, r, n } = body;
  const describe = (row, column) => {
    const [first, second] = [tags[row].tag_name, tags[column].tag_name];
    const correlation = r[row][column] === null ? x.rel_unknown : `r ${signed(r[row][column])}`;
    return fill(x.rel_pair, { x: first, y: second, r: correlation, n: counted(x.rel_buckets, n[row][column]) });
  };
  return (
    <figure className="rel-week">
      <p className="rel-read" data-read={cell !== null} data-testid="relation-cell">
        {cell ? <WithNames text={describe(...cell)} names={tags.map((tag) => tag.tag_name)} /> : x.rel_point_pair}
      </p>
      <div className="rel-scroll" onMouseLeave={() => setCell(null)}>
        <table className="rel-matrix" data-testid="relation-table">
          <thead>
            <tr>
              <td />
              {tags.map(({ tag_name: name, title }) => <th key={name} scope="col" title={title || name}><Name text={name} /></th>)}
            </tr>
          </thead>
          <tbody>
            {tags.map(({ tag_name: name, title }, row) => (
              <tr key={name}>
                <th scope="row" title={title || name}><Name text={name} /></th>
                {tags.map(({ tag_name: other }, column) => (
                  <td key={other} style={backgroundOf(r[row][column], row === column)}>
                    {row === column ? <span aria-label={describe(row, column)}>1</span> : (
                      <button type="button" aria-label={describe(row, column)} data-testid="relation-of" onMouseEnter={() => setCell([row, column])}
                        onFocus={() => setCell([row, column])} onClick={() => choose({ rel: "xy", x: other, y: name, lag: 0 })}>
                        {r[row][column] === null ? "–" : signed(r[row][column])}
                      </button>
                    )}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <figcaption className="rel-legend">
        <span>-1</span><span className="rel-both-ramp" aria-hidden="true" /><span>+1</span>
      </figcaption>
    </figure>
  );
}

// The background of a cell: the stronger the correlation, the darker.
function backgroundOf(r, isDiagonal) {
  if (isDiagonal || r === null) return undefined;
  const colour = r < 0 ? "ramp-minus" : "ramp-low";
  return { backgroundColor: `color-mix(in oklab, var(--${colour}) ${Math.round(Math.abs(r) * 65)}%, var(--panel))` };
}
