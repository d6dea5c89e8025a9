// Calls `reload` every `everyS` seconds while the tab is visible, and when a hidden tab becomes visible again.
import { useEffect, useRef } from "react";

export function useReload(reload, everyS) {
  const latest = useRef(reload);
  latest.current = reload;
  useEffect(() => {
    let last = Date.now();
    const reloadIfDue = () => {
      if (document.hidden || Date.now() - last < everyS * 1000) return;
      last = Date.now();
      latest.current();
    };
    const timer = setInterval(reloadIfDue, 10_000);
    document.addEventListener("visibilitychange", reloadIfDue);
    return () => {
      clearInterval(timer);
      document.removeEventListener("visibilitychange", reloadIfDue);
    };
  }, [everyS]);
}
