// Keeps a page in kiosk mode working for months: reloads it when the server has a new build, after a day, and when rendering
// failed; keeps the screen awake.
import { at } from "../lib/paths.js";

const CHECK_MS = 15_000;
const DAY_MS = 86_400_000;

// Whether the page must be reloaded. `before` and `now`: the ETags of the build, null without one. `failures`: consecutive checks that found no page.
export const mustReload = ({ before, now, ageMs, failures }) => Boolean(before && now && before !== now) || ageMs > DAY_MS || failures >= 3;

// The ETag of the server's build; undefined while the server does not answer.
export async function build() {
  try {
    const answer = await fetch(at("/wall"), { method: "HEAD", cache: "no-store" });
    return answer.ok ? answer.headers.get("etag") : undefined;
  } catch {
    return undefined;
  }
}

let started = false;

export function watch() {
  if (started) return;
  started = true;
  let before = null;
  let failures = 0;
  const check = async () => {
    const now = await build();
    if (now === undefined || !document.documentElement.hasAttribute("data-kiosk")) return;
    // If rendering failed, the head of the page is missing.
    failures = document.querySelector(".kiosk-head") ? 0 : failures + 1;
    if (mustReload({ before, now, ageMs: performance.now(), failures })) window.location.reload();
    before ??= now;
  };
  void check();
  setInterval(check, CHECK_MS);
  stayAwake();
}

// Keeps the screen awake, if the browser can: without TLS it cannot, and the screen's own settings must do it.
function stayAwake() {
  const requestLock = () => {
    if (document.visibilityState === "visible") navigator.wakeLock?.request("screen").catch(() => {});
  };
  requestLock();
  document.addEventListener("visibilitychange", requestLock);
}
