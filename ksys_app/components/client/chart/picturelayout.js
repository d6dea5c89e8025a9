// How a picture of a chart is laid out, of one tag or of several: all sizes in px.

// A picture has so many pixels for each px.
export const RATIO = 2;
// The least width, and the height of the chart without what stands over it.
export const LEAST = 960;
export const HEIGHT = 420;
export const PAD = 16;
export const LINE_PX = 20;
// The room of the line that stands before a name of the legend, and between names.
export const SWATCH = 28;
const BEFORE_NAME = 6;
const AFTER_NAME = 18;

/**
 * Where each name of the legend stands, in as many rows as it takes.
 * @param {{ name: string }[]} entries
 * @param {number} width of the picture
 * @param {(name: string) => number} measure the width of a text
 * @returns {{ x: number, row: number }[]}
 */
export function legend(entries, width, measure) {
  let [x, row] = [PAD, 0];
  return entries.map(({ name }) => {
    const room = SWATCH + BEFORE_NAME + measure(name) + AFTER_NAME;
    if (x > PAD && x + room > width - PAD) [x, row] = [PAD, row + 1];
    x += room;
    return { x: x - room, row };
  });
}

// How high the rows of a legend are.
export const legendPx = (places) => LINE_PX * (places.length > 0 ? places.at(-1).row + 1 : 0);
