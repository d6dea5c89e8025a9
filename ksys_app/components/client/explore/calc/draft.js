// Pure functions of the form of a calculated tag: its requests, its problems, the place of an error in the expression, and the line of the preview.
import { nameFlaw } from "../../lib/savednames.js";

export const EMPTY = { name: "", text: "", unit: "", decimals: "", version: 0 };

// The draft that changes a saved expression.
export const draftOf = ({ name, text, unit, decimals, version }) => ({
  name, text, unit, decimals: decimals === null ? "" : String(decimals), version,
});

const MAX_DECIMALS = 12;

/**
 * The problems that prevent saving and deleting, as `{ save, remove }`. `missing` has the names of empty fields, `wrong` the names of texts about errors,
 * each of which begins with the name of its field; both in the order of the form. If the user may not edit, `save` and `remove` are the same object.
 * `may`: whether the user may edit, null until that is known. `failed`: whether the expression has an error.
 */
export function problemsOf(draft, reason, { may, failed }) {
  if (may !== true) {
    const both = { missing: [], wrong: [may === null ? "who" : "may"] };
    return { save: both, remove: both };
  }
  const noReason = reason.trim() ? [] : ["reason"];
  const missing = ["name", "text"].filter((field) => !draft[field].trim());
  const flaw = nameFlaw(draft.name.trim());
  const wrong = [flaw && `name_${flaw}`, failed && "text", !isDecimals(draft.decimals.trim()) && "decimals"].filter(Boolean);
  return { save: { missing: [...missing, ...noReason], wrong }, remove: { missing: noReason, wrong: [] } };
}

export const isAllowed = ({ missing, wrong }) => missing.length + wrong.length === 0;

const isDecimals = (decimals) => decimals === "" || (/^\d+$/.test(decimals) && Number(decimals) <= MAX_DECIMALS);

// The body of the request that saves a draft without problems.
export function bodyOf(draft, reason) {
  const decimals = draft.decimals.trim();
  return {
    text: draft.text, unit: draft.unit.trim(), decimals: decimals === "" ? null : Number(decimals), version: draft.version, reason: reason.trim(),
  };
}

// The URL of the preview. `timeQuery` is the time query of the page; if it asks for samples, the server chooses the bucket, because an expression is
// computed from buckets.
export function previewUrl(text, timeQuery) {
  const query = new URLSearchParams(timeQuery);
  if (query.get("bucket") === "raw") query.delete("bucket");
  query.set("expr", text);
  query.set("format", "columns");
  return `/api/v1/expressions/evaluate?${query}`;
}

// The text before an error, the wrong text, and the text after it. `at` and `length` count code points, as the server does. If something is missing
// at `at`, the wrong text is a space.
export function splitAtError(text, at, length) {
  const characters = [...text];
  const before = characters.slice(0, at).join("");
  const wrong = characters.slice(at, at + length).join("");
  return wrong === "" ? [before, " ", characters.slice(at).join("")] : [before, wrong, characters.slice(at + length).join("")];
}

// The SVG path of the preview in a box of 100 x 30; a bucket without a value interrupts the line.
export function linePath({ from_ms: from, to_ms: to, bucket_s: step, columns }) {
  const values = columns.avg.filter((value) => value !== null);
  if (!values.length || to <= from) return "";
  const low = values.reduce((a, b) => Math.min(a, b));
  const high = values.reduce((a, b) => Math.max(a, b));
  const height = (value) => (high > low ? 29 - (28 * (value - low)) / (high - low) : 15);
  let path = "", before = null;
  columns.bucket.forEach((ms, index) => {
    const value = columns.avg[index];
    if (value === null) return;
    const joined = before !== null && ms - before <= 1500 * step;
    path += `${joined ? "L" : "M"}${(100 * (ms - from) / (to - from)).toFixed(2)} ${height(value).toFixed(2)}`;
    before = ms;
  });
  return path;
}
