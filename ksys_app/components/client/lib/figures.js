// Numbers as text: the twin of ksys_app/domain/figures.py, so that chart and table write one number in
// one way. Both take a number at 15 digits, and round those, halves away from zero.

export const DASH = "–";
const DIGITS = 15;
// From 1e9 on, and below 1e-4, numbers are written in engineering notation.
const LARGE = 9;
const SMALL = -4;
const TRACE = 7;
const FEW = 4;
const BRIEF = 6;

const good = (value) => typeof value === "number" && Number.isFinite(value);
const exponentOf = (size) => Number(size.toExponential().split("e")[1]);

// Decimals that tell a thousandth of a span apart. A span that 15 digits cannot tell apart counts as
// none; then it is a thousandth of the value.
export function places(low, high) {
  if (!good(low) || !good(high)) return 1;
  const scale = Math.max(Math.abs(low), Math.abs(high));
  const span = high - low;
  const width = span <= scale * 1e-14 ? scale : span;
  return width > 0 ? 3 - exponentOf(Math.min(width, Number.MAX_VALUE)) : 1;
}

// `190.0`, `3.79e-6`, `3.234567890e9`, or a dash for what is no number.
export function figure(value, decimals = 1) {
  if (!good(value)) return DASH;
  const size = Math.abs(value);
  const [, exponent] = taken(size);
  if (exponent >= LARGE || (size > 0 && exponent < SMALL && decimals >= TRACE)) return signed(value, engineering(size, decimals));
  // Among numbers in engineering notation zero has no decimals to keep.
  return signed(value, fixed(size, size === 0 && decimals >= TRACE ? 1 : Math.max(1, decimals)));
}

// A number with at least so many digits, all of its units, and no zeros at its end.
export function brief(value, digits = BRIEF) {
  if (!good(value)) return DASH;
  const size = Math.abs(value);
  const [, exponent] = taken(size);
  const decimals = digits - 1 - exponent;
  const wide = exponent >= LARGE || exponent < SMALL;
  return signed(value, trimmed(wide ? engineering(size, decimals) : fixed(size, Math.max(0, decimals))));
}

// What an axis from `low` to `high` writes at one of its marks: digits for a hundredth of it.
export function mark(value, low, high) {
  const decimals = places(low, high) - 1;
  // A mark at zero is reached by sums that miss it by a trace.
  if (Math.abs(value) < (high - low) * 1e-9) return "0";
  const wide = decimals >= TRACE || Math.abs(value) >= 10 ** LARGE;
  return grouped(trimmed(wide ? figure(value, decimals) : signed(value, fixed(Math.abs(value), Math.max(0, decimals)))));
}

// What an axis with about `count` marks writes at those that are farthest out.
export function outermost(low, high, count) {
  const rough = Math.min(high - low, Number.MAX_VALUE) / count;
  const power = 10 ** exponentOf(rough);
  const step = [1, 2, 3, 5, 10].find((size) => size * power >= rough) * power;
  return [Math.ceil(low / step) * step, Math.floor(high / step) * step].map((value) => mark(value, low, high));
}

// A text with narrow blanks between thousands, from five digits on; for where none can be copied.
export const grouped = (text) => parts(text).join("\u202f");

// The digits before the point in groups of three, the rest with the last one.
export function parts(text) {
  const [, sign, whole, rest] = /^(-?)(\d*)(.*)$/s.exec(text);
  if (whole.length < 5 || rest.includes("e")) return [text];
  const found = [];
  for (let end = whole.length; end > 0; end -= 3) found.unshift(whole.slice(Math.max(0, end - 3), end));
  found[0] = sign + found[0];
  found[found.length - 1] += rest;
  return found;
}

const signed = (value, text) => (value < 0 && /[1-9]/.test(text.split("e")[0]) ? `-${text}` : text);

function fixed(size, decimals) {
  const [, exponent] = taken(size);
  const places = Math.min(decimals, DIGITS - Math.max(1, exponent + 1));
  const units = rounded(size, exponent + 1 + places).padStart(places + 1, "0");
  const whole = units.length - places;
  return places > 0 ? `${units.slice(0, whole)}.${units.slice(whole)}` : units;
}

function engineering(size, decimals) {
  const [, exponent] = taken(size);
  let count = Math.max(FEW, exponent + 1 + decimals);
  if (exponent < LARGE) count = Math.max(1, exponent + 1 + decimals);
  else if (exponent < DIGITS) count = exponent + 1 + Math.max(0, decimals);
  const wanted = Math.min(count, DIGITS);
  const units = rounded(size, wanted);
  const power = exponent + units.length - wanted;
  const digits = units.slice(0, wanted);
  const shift = ((power % 3) + 3) % 3;
  const mantissa = digits.padEnd(shift + 1, "0");
  const tail = mantissa.slice(shift + 1);
  return `${mantissa.slice(0, shift + 1)}${tail && "."}${tail}e${power - shift}`;
}

// The 15 digits of a number, and the power of ten of the first one.
function taken(size) {
  const [mantissa, power] = size.toExponential(DIGITS - 1).split("e");
  return [mantissa.replace(".", ""), Number(power)];
}

// So many of its digits, one more where rounding carries to a higher place.
function rounded(size, count) {
  const digits = taken(size)[0];
  if (count < 0) return "0";
  return String(Number(digits.slice(0, count)) + (digits[count] >= "5" ? 1 : 0));
}

function trimmed(text) {
  const [mantissa, power] = text.split("e");
  const short = mantissa.includes(".") ? mantissa.replace(/\.?0+$/, "") : mantissa;
  return power === undefined ? short : `${short}e${power}`;
}
