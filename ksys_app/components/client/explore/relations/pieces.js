// The names of tags in a sentence.
import { halves } from "../../lib/name.js";

// The pieces of a text as [piece, whether it is a name]: each of `names` that may be shortened is a piece of its own.
export function pieces(text, names) {
  const long = names.filter((name) => halves(name)[0]).sort((a, b) => b.length - a.length);
  if (long.length === 0) return [[text, false]];
  const pattern = new RegExp(`(${long.map((name) => name.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&")).join("|")})`, "u");
  return text.split(pattern).map((piece, at) => [piece, at % 2 === 1]).filter(([piece]) => piece !== "");
}

const MAX_HEAD = 14;

// A name as plain text, where CSS cannot shorten it: on a canvas and in a tooltip.
export function shortName(text) {
  const [head, tail] = halves(text);
  const characters = [...head];
  return characters.length <= MAX_HEAD ? text : `${characters.slice(0, MAX_HEAD).join("")}…${tail}`;
}
