// Keeps the address bar at the link of what is selected, without a navigation: nothing loads again. Back and Forward are
// navigations: the page then loads what the address says.
import { useEffect, useRef } from "react";
import { change, same } from "../lib/address.js";
import { at } from "../lib/paths.js";

// A tab that is loaded anew is first given the link of what it showed before. The address that was typed stays until the
// page has read it, which `read` says: a link that cannot be shown stays for good.
export function Address({ link, read, steps = [], whole = [] }) {
  const back = useRef(false);
  const begun = useRef(false);
  useEffect(() => {
    const popped = () => { back.current = link !== ""; };
    window.addEventListener("popstate", popped);
    return () => window.removeEventListener("popstate", popped);
  }, [link]);
  useEffect(() => {
    begun.current ||= same(read, window.location.search);
    if (!begun.current) return;
    if (!link) back.current = false;
    if (!link) return;
    const address = new URL(at(link), window.location.origin);
    const { state } = window.history;
    const what = change(window.location, address, steps, whole);
    // A link of the address that was left may still be under way.
    if (back.current && what === "push") return;
    back.current = false;
    if (what === "replace") window.history.replaceState(state, "", address);
    // The router counts its entries by `idx`.
    if (what === "push") window.history.pushState({ ...state, idx: (state?.idx ?? 0) + 1 }, "", address);
  }, [link, read]);
  return null;
}
