// The language of the pages in this browser: what its user chose here, else the first that the browser asks for.
import en from "../../../texts/en.json" with { type: "json" };
import ko from "../../../texts/ko.json" with { type: "json" };

const CATALOGUES = { en, ko };
const KEPT = "ksys.language";
// Pages are built in this one. A browser shows it until it runs the page.
export const FIRST = "en";
const listeners = new Set();
let language = first();

function first() {
  if (typeof window === "undefined") return FIRST;
  const wanted = [kept(), ...(navigator.languages ?? [])].map((one) => one.slice(0, 2).toLowerCase());
  return wanted.find((one) => one in CATALOGUES) ?? FIRST;
}

// A browser may forbid pages to keep anything.
function kept() {
  try {
    return localStorage.getItem(KEPT) ?? "";
  } catch {
    return "";
  }
}

export const current = () => language;
export const wordsOf = (name) => CATALOGUES[name];

export function choose(next) {
  take(next);
  try {
    localStorage.setItem(KEPT, next);
  } catch {
    // The choice holds until the page is closed.
  }
}

function take(next) {
  if (!(next in CATALOGUES) || next === language) return;
  language = next;
  listeners.forEach((listener) => listener());
}

export function subscribe(listener) {
  listeners.add(listener);
  if (listeners.size === 1) window.addEventListener("storage", elsewhere);
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) window.removeEventListener("storage", elsewhere);
  };
}

// Another tab of this browser has chosen.
function elsewhere({ key, newValue }) {
  if (key === KEPT && newValue) take(newValue);
}
