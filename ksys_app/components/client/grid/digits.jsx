// A number with its thousands set apart by space alone: what is read, copied and searched stays one number.
import { parts } from "../lib/figures.js";

export function Digits({ text }) {
  const groups = parts(text);
  return groups.length === 1 ? text : groups.map((group, at) => <span key={at} className="digits">{group}</span>);
}
