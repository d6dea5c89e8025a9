// Numbers as text, by the same rules as ksys_app/domain/figures.py, so that chart and table write a number in the same
// way. Both take a number at 15 significant digits, and round these; halves are rounded away from zero.

export const DASH = "–";
const DIGITS = 15;
// From 1e9 on, and below 1e-4, numbers are written in engineering notation.
const LARGE_EXPONENT = 9;
const SMALL_EXPONENT = -4;
const MANY_DECIMALS = 7;
const MIN_DIGITS = 4;
const BRIEF_DIGITS = 6;

const isNumber = (value) => typeof value === "number" && Number.isFinite(value);
const exponentOf = (size) => Number(size.toExponential().split("e")[1]);

// How many decimals show a thousandth of the span from `low` to `high`. If 15 digits cannot show the span, how many show
// a thousandth of the value.
export function places(low, high) {
  if (!isNumber(low) || !isNumber(high)) return 1;
  const scale = Math.max(Math.abs(low), Math.abs(high));
  const span = high - low;
  const width = span <= scale * 1e-14 ? scale : span;
  return width > 0 ? 3 - exponentOf(Math.min(width, Number.MAX_VALUE)) : 1;
}

// A number with its decimals: `190.0`, `3.79e-6`, `3.234567890e9`; a dash for anything that is not a finite number.
export function figure(value, decimals = 1) {
  if (!isNumber(value)) return DASH;
  const size = Math.abs(value);
  const [, exponent] = significant(size);
  if (exponent >= LARGE_EXPONENT || (size > 0 && exponent < SMALL_EXPONENT && decimals >= MANY_DECIMALS)) return signed(value, engineering(size, decimals));
  // Zero among numbers in engineering notation is written with one decimal.
  return signed(value, fixed(size, size === 0 && decimals >= MANY_DECIMALS ? 1 : Math.max(1, decimals)));
}

// A number rounded to `digits` significant digits, but never before the decimal point, without zeros at its end.
export function brief(value, digits = BRIEF_DIGITS) {
  if (!isNumber(value)) return DASH;
  const size = Math.abs(value);
  const [, exponent] = significant(size);
  const decimals = digits - 1 - exponent;
  const needsExponent = exponent >= LARGE_EXPONENT || exponent < SMALL_EXPONENT;
  return signed(value, trimmed(needsExponent ? engineering(size, decimals) : fixed(size, Math.max(0, decimals))));
}

// The label of a mark on an axis from `low` to `high`, with enough digits to show a hundredth of the axis.
export function mark(value, low, high) {
  const decimals = places(low, high) - 1;
  // ECharts adds steps to reach a mark, so the one at zero may differ from 0 by a rounding error.
  if (Math.abs(value) < (high - low) * 1e-9) return "0";
  const needsExponent = decimals >= MANY_DECIMALS || Math.abs(value) >= 10 ** LARGE_EXPONENT;
  return grouped(trimmed(needsExponent ? figure(value, decimals) : signed(value, fixed(Math.abs(value), Math.max(0, decimals)))));
}

// The labels of the first and the last mark on an axis with about `count` marks.
export function outermost(low, high, count) {
  const rough = Math.min(high - low, Number.MAX_VALUE) / count;
  const power = 10 ** exponentOf(rough);
  const step = [1, 2, 3, 5, 10].find((size) => size * power >= rough) * power;
  return [Math.ceil(low / step) * step, Math.floor(high / step) * step].map((value) => mark(value, low, high));
}

// A number's text with narrow blanks between thousands, from five digits on. Use it only where text cannot be copied.
export const grouped = (text) => digitGroups(text).join("\u202f");

// The digits before the decimal point in groups of three; the last group also has the rest of the text.
export function digitGroups(text) {
  const [, sign, integer, rest] = /^(-?)(\d*)(.*)$/s.exec(text);
  if (integer.length < 5 || rest.includes("e")) return [text];
  const groups = [];
  for (let end = integer.length; end > 0; end -= 3) groups.unshift(integer.slice(Math.max(0, end - 3), end));
  groups[0] = sign + groups[0];
  groups[groups.length - 1] += rest;
  return groups;
}

const signed = (value, text) => (value < 0 && /[1-9]/.test(text.split("e")[0]) ? `-${text}` : text);

function fixed(size, decimals) {
  const [, exponent] = significant(size);
  const places = Math.min(decimals, DIGITS - Math.max(1, exponent + 1));
  const units = rounded(size, exponent + 1 + places).padStart(places + 1, "0");
  const point = units.length - places;
  return places > 0 ? `${units.slice(0, point)}.${units.slice(point)}` : units;
}

function engineering(size, decimals) {
  const [, exponent] = significant(size);
  let count = Math.max(MIN_DIGITS, exponent + 1 + decimals);
  if (exponent < LARGE_EXPONENT) count = Math.max(1, exponent + 1 + decimals);
  else if (exponent < DIGITS) count = exponent + 1 + Math.max(0, decimals);
  const digitCount = Math.min(count, DIGITS);
  const units = rounded(size, digitCount);
  const power = exponent + units.length - digitCount;
  const digits = units.slice(0, digitCount);
  const shift = ((power % 3) + 3) % 3;
  const mantissa = digits.padEnd(shift + 1, "0");
  const tail = mantissa.slice(shift + 1);
  return `${mantissa.slice(0, shift + 1)}${tail && "."}${tail}e${power - shift}`;
}

// The 15 significant digits of a number, and the power of ten of the first one.
function significant(size) {
  const [mantissa, power] = size.toExponential(DIGITS - 1).split("e");
  return [mantissa.replace(".", ""), Number(power)];
}

// The first `count` significant digits, rounded: one digit more if rounding carries, as from 999 to 1000.
function rounded(size, count) {
  const digits = significant(size)[0];
  if (count < 0) return "0";
  return String(Number(digits.slice(0, count)) + (digits[count] >= "5" ? 1 : 0));
}

function trimmed(text) {
  const [mantissa, power] = text.split("e");
  const short = mantissa.includes(".") ? mantissa.replace(/\.?0+$/, "") : mantissa;
  return power === undefined ? short : `${short}e${power}`;
}
