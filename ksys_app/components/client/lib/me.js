// Who is logged in here, asked once a page; and the way to the login when that ends.
import { at } from "./paths.js";

let who = null;
let asked = false;
const listeners = new Set();

export const me = () => who;

export function subscribe(listener) {
  listeners.add(listener);
  if (!asked) {
    asked = true;
    void ask();
  }
  return () => listeners.delete(listener);
}

// Called when the connection is lost as well: the session may be the reason.
export async function ask() {
  try {
    const answer = await fetch(at("/api/v1/me"), { cache: "no-store" });
    if (answer.status === 401) return goToLogin();
    if (!answer.ok) return;
    who = await answer.json();
    listeners.forEach((listener) => listener());
  } catch {
    // The server is away; the page says so.
  }
}

export function goToLogin() {
  const here = location.pathname + location.search + location.hash;
  location.assign(`${at("/login")}?next=${encodeURIComponent(here)}`);
}

// Shows failed where the session goes on: the next person at this screen would have it.
export async function leave(failed) {
  const answer = await fetch(at("/api/v1/logout"), { method: "POST" }).catch(() => null);
  // Who logged in at an identity provider ends the login there too.
  if (answer?.ok || answer?.status === 401) location.assign(answer.headers.get("location") ?? at("/login"));
  else window.alert(failed);
}
