// Splits a long name so that CSS can shorten its middle. The ends of names tell them apart.
const TAIL_LENGTH = 10;
const MAX_SHORT = 14;

// The part of a name that may be cut, and the last characters, which stay. A short name has an empty first part.
export function halves(text) {
  const characters = [...text];
  if (characters.length <= MAX_SHORT) return ["", text];
  return [characters.slice(0, -TAIL_LENGTH).join(""), characters.slice(-TAIL_LENGTH).join("")];
}
