// The swatch of a series in a legend, 28 by 10 px: its dash and symbol identify it without colour.
export const LINE = "M1 5h26";
export const DASHES = { solid: [], dashed: [5, 3], dotted: [1.5, 2.5] };

const CIRCLE = "M11.5 5a2.5 2.5 0 1 0 5 0a2.5 2.5 0 1 0-5 0z";

export const SHAPES = {
  circle: CIRCLE,
  emptyCircle: CIRCLE,
  rect: "M11.5 2.5h5v5h-5z",
  triangle: "M14 2l3 5.5h-6z",
  diamond: "M14 1.5 17.5 5 14 8.5 10.5 5z",
};

export const hollow = (symbol) => symbol.startsWith("empty");
