// The paths of lines, bands, peaks and dots. Each path is one element of the drawing, and is made from merged points.

const DOT_PX = 2;
// The width of a band that has one point.
const SINGLE_PX = 2;
// A value that is less than this above or below its neighbours is no peak.
const PEAK_PX = 3;

/**
 * From a time and a value to the drawing, px: `x = left + (ms - from) * pxPerMs`, `y = bottom - (value - low) * pxPerUnit`.
 * @typedef {{ left: number, from: number, pxPerMs: number, bottom: number, low: number, pxPerUnit: number }} Projection
 */

const xOf = (projection, ms) => projection.left + (ms - projection.from) * projection.pxPerMs;
const yOf = (projection, value) => projection.bottom - (value - projection.low) * projection.pxPerUnit;

/** The line of the means, which breaks at gaps. `step`: each value lasts until the next one. */
export function linePath(path, { points, projection, step }) {
  const { at, mean, afterGap, count } = points;
  for (let i = 0; i < count; i += 1) {
    const [x, y] = [xOf(projection, at[i]), yOf(projection, mean[i])];
    if (afterGap[i]) {
      path.moveTo(x, y);
      continue;
    }
    if (step) path.lineTo(x, yOf(projection, mean[i - 1]));
    path.lineTo(x, y);
  }
}

/** The area between the smallest and the largest values: one polygon for each run of points without a gap. */
export function bandPath(path, { points, projection }) {
  const { at, low, high, afterGap, count } = points;
  for (let first = 0; first < count;) {
    let last = first;
    while (last + 1 < count && !afterGap[last + 1]) last += 1;
    // A single point has no width, so it is drawn as a narrow bar.
    const halfWidth = first === last ? SINGLE_PX / 2 : 0;
    path.moveTo(xOf(projection, at[first]) - halfWidth, yOf(projection, high[first]));
    for (let i = first + (halfWidth ? 0 : 1); i <= last; i += 1) path.lineTo(xOf(projection, at[i]) + halfWidth, yOf(projection, high[i]));
    for (let i = last; i >= first; i -= 1) path.lineTo(xOf(projection, at[i]) + halfWidth, yOf(projection, low[i]));
    if (halfWidth) path.lineTo(xOf(projection, at[first]) - halfWidth, yOf(projection, low[first]));
    path.closePath();
    first = last + 1;
  }
}

/**
 * A vertical line at each point whose smallest or largest value is outside those of both neighbours. A peak of the band is a triangle
 * of one pixel, which fades towards its end, so this line makes it visible.
 */
export function peaksPath(path, { points, projection }) {
  const { at, mean, low, high, count } = points;
  const minPeak = PEAK_PX / projection.pxPerUnit;
  for (let i = 0; i < count; i += 1) {
    const [left, right] = [Math.max(0, i - 1), Math.min(count - 1, i + 1)];
    const above = high[i] - Math.max(i > 0 ? high[left] : -Infinity, i + 1 < count ? high[right] : -Infinity) > minPeak;
    const below = Math.min(i > 0 ? low[left] : Infinity, i + 1 < count ? low[right] : Infinity) - low[i] > minPeak;
    if (!above && !below) continue;
    const x = xOf(projection, at[i]);
    path.moveTo(x, yOf(projection, above ? high[i] : mean[i]));
    path.lineTo(x, yOf(projection, below ? low[i] : mean[i]));
  }
}

/** A dot at each point if `all`, otherwise only at a point between two gaps, which has no line. */
export function dotsPath(path, { points, projection, all }) {
  const { at, mean, afterGap, count } = points;
  for (let i = 0; i < count; i += 1) {
    if (!all && !(afterGap[i] && (i + 1 === count || afterGap[i + 1]))) continue;
    const [x, y] = [xOf(projection, at[i]), yOf(projection, mean[i])];
    path.moveTo(x + DOT_PX, y);
    path.arc(x, y, DOT_PX, 0, Math.PI * 2);
  }
}
