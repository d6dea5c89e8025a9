// The recent ranges of this browser, newest first.
const STORAGE_KEY = "ksys.ranges";
const MAX_RANGES = 10;

// The stored ranges with a new one in front, without duplicates.
export const added = (stored, range) => [range, ...stored.filter((old) => old.join() !== range.join())].slice(0, MAX_RANGES);

// The valid ranges in a stored text. The storage may contain anything.
export function valid(text) {
  try {
    const stored = JSON.parse(text ?? "[]");
    const isRange = (range) => Array.isArray(range) && range.length === 2 && range.every((end) => typeof end === "string" && end.length < 60);
    return Array.isArray(stored) ? stored.filter(isRange).slice(0, MAX_RANGES) : [];
  } catch {
    return [];
  }
}

export function recent() {
  try {
    return valid(localStorage.getItem(STORAGE_KEY));
  } catch {
    // A browser may forbid pages to store anything.
    return [];
  }
}

export function remember(range) {
  try {
    localStorage.setItem(STORAGE_KEY, JSON.stringify(added(recent(), range)));
  } catch {
    // Without storage there are no recent ranges.
  }
}
