// The language of the pages in this browser: the reader's choice, else the first language of the browser that we have.
import en from "../../../texts/en.json" with { type: "json" };

// The loaded catalogues by language.
const CATALOGUES = { en };
// The other languages. A browser loads the one that it needs before it shows the page, and the rest afterwards. The import
// has no type: the development server turns the file into a script, which browsers refuse as JSON.
const LOADERS = { ko: () => import("../../../texts/ko.json") };
// Parts of the catalogues that only some pages need; they are loaded with the code of those pages.
const PARTS = [];
const STORAGE_KEY = "ksys.language";
// The build renders pages in this language. A browser shows it until the scripts run.
export const FIRST = "en";
const listeners = new Set();
let language = preferredLanguage();
if (!(await load(language))) language = FIRST;
if (typeof window !== "undefined") window.addEventListener("load", () => Object.keys(LOADERS).forEach(load), { once: true });

// Loads the texts of a language; false if the server does not answer.
async function load(name) {
  try {
    CATALOGUES[name] ??= (await LOADERS[name]()).default;
    await loadParts(name);
    return true;
  } catch {
    return false;
  }
}

async function loadParts(name) {
  for (const part of PARTS) {
    part[name] ??= part.loaders[name]().then(({ default: words }) => {
      CATALOGUES[name] = { ...CATALOGUES[name], ...words };
    });
    // A part that failed is loaded again at the next use.
    await part[name].catch((error) => {
      delete part[name];
      throw error;
    });
  }
}

// Adds a part to the catalogues. `loaders` has a function for each language that imports its texts. Resolves when the
// texts in the reader's language are loaded.
export async function add(loaders) {
  PARTS.push({ loaders });
  await loadParts(language);
}

function preferredLanguage() {
  if (typeof window === "undefined") return FIRST;
  const languages = [storedLanguage(), ...(navigator.languages ?? [])].map((name) => name.slice(0, 2).toLowerCase());
  return languages.find((name) => name in CATALOGUES || name in LOADERS) ?? FIRST;
}

// The stored choice, empty without one. A browser may forbid pages to store anything.
function storedLanguage() {
  try {
    return localStorage.getItem(STORAGE_KEY) ?? "";
  } catch {
    return "";
  }
}

export const current = () => language;
export const wordsOf = (name) => CATALOGUES[name];

export function choose(next) {
  void switchTo(next);
  try {
    localStorage.setItem(STORAGE_KEY, next);
  } catch {
    // Without storage the choice lasts until the page is closed.
  }
}

async function switchTo(next) {
  if (!(next in CATALOGUES || next in LOADERS) || next === language || !(await load(next))) return;
  language = next;
  listeners.forEach((listener) => listener());
}

export function subscribe(listener) {
  listeners.add(listener);
  if (listeners.size === 1) window.addEventListener("storage", onStorage);
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) window.removeEventListener("storage", onStorage);
  };
}

// Follows the choice made in another tab of this browser.
function onStorage({ key, newValue }) {
  if (key === STORAGE_KEY && newValue) void switchTo(newValue);
}
