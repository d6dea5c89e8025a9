// The logged-in user, fetched once a page, and the redirect to the login page when the session ends.
import { at } from "./paths.js";

let user = null;
let requested = false;
const listeners = new Set();

export const me = () => user;

export function subscribe(listener) {
  listeners.add(listener);
  if (!requested) {
    requested = true;
    void fetchUser();
  }
  return () => listeners.delete(listener);
}

// Fetches the user. Also called when the connection is lost, because the end of the session may be the reason.
export async function fetchUser() {
  try {
    const answer = await fetch(at("/api/v1/me"), { cache: "no-store" });
    if (answer.status === 401) return goToLogin();
    if (!answer.ok) return;
    user = await answer.json();
    listeners.forEach((listener) => listener());
  } catch {
    // The server is away; the page says so.
  }
}

export function goToLogin() {
  const here = location.pathname + location.search + location.hash;
  location.assign(`${at("/login")}?next=${encodeURIComponent(here)}`);
}

// Ends the session and opens the login page. If that fails, shows the text `failed`: the session goes on, and the next
// person at this screen would use it.
export async function logOut(failed) {
  const answer = await fetch(at("/api/v1/logout"), { method: "POST" }).catch(() => null);
  // After a login at an identity provider, `location` leads there, so that the login ends there too.
  if (answer?.ok || answer?.status === 401) location.assign(answer.headers.get("location") ?? at("/login"));
  else window.alert(failed);
}
