// Colours between the two end colours of a ramp.

const partsOf = (hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));

// The colour at `fraction` from `low` (0) to `high` (1); all colours as #rrggbb. A fraction outside 0 to 1 gives the nearer end.
export function rampColour(low, high, fraction) {
  const [lowParts, highParts] = [partsOf(low), partsOf(high)];
  const share = Math.min(1, Math.max(0, fraction));
  const mixed = lowParts.map((part, n) => Math.round(part + (highParts[n] - part) * share));
  return `#${mixed.map((part) => part.toString(16).padStart(2, "0")).join("")}`;
}

// The position of a value from `low` (0) to `high` (1); 0.5 if both are equal.
export const fractionOf = (value, low, high) => (high > low ? (value - low) / (high - low) : 0.5);
