// The last ranges that were asked for in this browser, the newest first.
const KEPT = "ksys.ranges";
const MOST = 10;

// Those kept before and a new one, each once.
export const added = (kept, range) => [range, ...kept.filter((one) => one.join() !== range.join())].slice(0, MOST);

// What the browser holds may be anything.
export function valid(text) {
  try {
    const kept = JSON.parse(text ?? "[]");
    const sound = (one) => Array.isArray(one) && one.length === 2 && one.every((end) => typeof end === "string" && end.length < 60);
    return Array.isArray(kept) ? kept.filter(sound).slice(0, MOST) : [];
  } catch {
    return [];
  }
}

export function recent() {
  try {
    return valid(localStorage.getItem(KEPT));
  } catch {
    // A browser may forbid pages to keep anything.
    return [];
  }
}

export function remember(range) {
  try {
    localStorage.setItem(KEPT, JSON.stringify(added(recent(), range)));
  } catch {
    // There are only no recent ranges.
  }
}
