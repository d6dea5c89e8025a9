// The band and the line of the chart of limits.
export const WIDTH = 600;
export const HEIGHT = 160;

// The SVG paths of the band and of the mean, and the scale `y` of values; null without a bucket. The buckets of a calculated
// tag have only a mean, so its band is as thin as its line.
export function chartPaths({ bucket, min: lowest, max: highest, avg }, levels) {
  const [min, max] = [lowest, highest].map((column) => column.map((value, i) => value ?? avg[i]));
  const indices = bucket.map((_, i) => i).filter((i) => min[i] !== null && max[i] !== null);
  if (!indices.length) return null;
  const values = [...indices.flatMap((i) => [min[i], max[i]]), ...levels];
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const [from, to] = [bucket[indices[0]], bucket[indices.at(-1)]];
  const x = (i) => (to === from ? WIDTH : ((bucket[i] - from) / (to - from)) * WIDTH).toFixed(1);
  const y = (value) => (high === low ? HEIGHT / 2 : HEIGHT - 6 - ((value - low) / (high - low)) * (HEIGHT - 12)).toFixed(1);
  const line = (indices, of) => indices.map((i) => `${x(i)} ${y(of[i])}`).join("L");
  return { y, low, high, band: `M${line(indices, max)}L${line([...indices].reverse(), min)}Z`, line: `M${line(indices, avg)}` };
}
