// The language of the pages in this browser: what its user chose here, else the first that the browser asks for.
import en from "../../../texts/en.json" with { type: "json" };

// Those that are loaded.
const CATALOGUES = { en };
// Of the others, a browser loads the one that its page is in before it shows the page, and the rest later.
// Without a type: the development server makes a script of the file, and browsers refuse that as JSON.
const OTHERS = { ko: () => import("../../../texts/ko.json") };
const KEPT = "ksys.language";
// Pages are built in this one. A browser shows it until it runs the page.
export const FIRST = "en";
const listeners = new Set();
let language = first();
if (!(await load(language))) language = FIRST;
if (typeof window !== "undefined") window.addEventListener("load", () => Object.keys(OTHERS).forEach(load), { once: true });

// Whether the words of a language are there now.
async function load(name) {
  if (name in CATALOGUES) return true;
  try {
    CATALOGUES[name] = (await OTHERS[name]()).default;
    return true;
  } catch {
    // The server is away.
    return false;
  }
}

function first() {
  if (typeof window === "undefined") return FIRST;
  const wanted = [kept(), ...(navigator.languages ?? [])].map((one) => one.slice(0, 2).toLowerCase());
  return wanted.find((one) => one in CATALOGUES || one in OTHERS) ?? FIRST;
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
  void take(next);
  try {
    localStorage.setItem(KEPT, next);
  } catch {
    // The choice holds until the page is closed.
  }
}

async function take(next) {
  if (!(next in CATALOGUES || next in OTHERS) || next === language || !(await load(next))) return;
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
  if (key === KEPT && newValue) void take(newValue);
}
