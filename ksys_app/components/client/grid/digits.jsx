// A number whose groups of thousands are set apart by CSS, so that screen reader, clipboard and search have one number.
import { digitGroups } from "../lib/figures.js";

export function Digits({ text }) {
  const groups = digitGroups(text);
  return groups.length === 1 ? text : groups.map((group, index) => <span key={index} className="digits">{group}</span>);
}
