// How a long name is shortened: what tells two names apart is mostly at their ends.
const TAIL = 10;
const LONG = 14;

// The part of a name that gives way and the part that stays; of a short name nothing gives way.
export function halves(text) {
  const signs = [...text];
  if (signs.length <= LONG) return ["", text];
  return [signs.slice(0, -TAIL).join(""), signs.slice(-TAIL).join("")];
}
