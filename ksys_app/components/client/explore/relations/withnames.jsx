// A text that contains names of tags: those that are long are shortened in their middle.
import { Name } from "../../grid/name.jsx";
import { pieces } from "./pieces.js";

export function WithNames({ text, names }) {
  return pieces(text, names).map(([piece, isName], at) => (isName ? <Name key={at} text={piece} /> : piece));
}
