// The colours of tags. The name of a tag gives its colour, so that the tag has the same colour in every selection in which it is free.
const COLOURS = 8;

// FNV-1a over the code units of the name.
function hash32(name) {
  let hash = 0x811c9dc5;
  for (let at = 0; at < name.length; at++) hash = Math.imul(hash ^ name.charCodeAt(at), 0x01000193) >>> 0;
  return hash;
}

// The number of the colour of each tag, 1 to 8, by tag. If the colour of a tag is used by an earlier tag, it gets the next free one.
// The ninth tag repeats a colour; the chart draws it with dashes.
export function colours(tags) {
  const used = new Set();
  const numbers = new Map();
  for (const tag of tags) {
    const own = hash32(tag) % COLOURS;
    const free = Array.from({ length: COLOURS }, (_, step) => (own + step) % COLOURS).find((colour) => !used.has(colour)) ?? own;
    used.add(free);
    numbers.set(tag, free + 1);
  }
  return numbers;
}
