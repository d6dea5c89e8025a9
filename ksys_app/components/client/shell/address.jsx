// Shows the link of the current selection in the address bar without a navigation, so that nothing loads again. Back and
// Forward are navigations: then the page loads the selection of the address.
import { useEffect, useRef } from "react";
import { historyAction, sameQuery, withWallParams } from "../lib/address.js";
import { at } from "../lib/paths.js";

const newKey = () => Math.random().toString(36).slice(2, 10);

// `link`: the link of the selection, empty while there is none. `read`: the query string from which the page read its
// selection. A tab that is loaded again first receives the link of its previous selection, so the address does not
// change until `read` equals it. An address that cannot be shown is never replaced.
export function Address({ link, read, steps = [], whole = [] }) {
  const back = useRef(false);
  const linkRead = useRef(false);
  useEffect(() => {
    const onBack = () => { back.current = link !== ""; };
    window.addEventListener("popstate", onBack);
    return () => window.removeEventListener("popstate", onBack);
  }, [link]);
  useEffect(() => {
    linkRead.current ||= sameQuery(read, window.location.search);
    if (!linkRead.current) return;
    if (!link) back.current = false;
    if (!link) return;
    const address = withWallParams(new URL(at(link), window.location.origin), window.location.search);
    const { state } = window.history;
    const action = historyAction(window.location, address, steps, whole);
    // The link of the address that Back has left may arrive late.
    if (back.current && action === "push") return;
    back.current = false;
    if (action === "replace") window.history.replaceState(state, "", address);
    // The router counts its entries by `idx`.
    if (action === "push") {
      // The router does not know this step, and does not navigate to an entry with its own key. So neither of the two entries has it:
      // Back and then Forward navigate to either, also before the router has finished with Back.
      window.history.replaceState({ ...state, key: newKey() }, "");
      window.history.pushState({ ...state, key: newKey(), idx: (state?.idx ?? 0) + 1 }, "", address);
    }
  }, [link, read]);
  return null;
}
