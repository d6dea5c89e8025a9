// Keeps the address bar at the link of what is selected, without a navigation: nothing loads again.
import { useEffect } from "react";

export function Address({ link }) {
  useEffect(() => {
    if (!link) return;
    const [path] = link.split("?");
    const { pathname, search } = window.location;
    // A page that was left meanwhile keeps its own address; the server may end a path with a slash.
    if (bare(pathname) === bare(path) && pathname + search !== link) {
      window.history.replaceState(window.history.state, "", link);
    }
  }, [link]);
  return null;
}

const bare = (path) => path.replace(/\/+$/, "");
