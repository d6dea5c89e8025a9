// Asks for counts again when they expire, and when a hidden tab comes back.
import { useEffect, useRef } from "react";

export function useReload(reload, everyS) {
  const latest = useRef(reload);
  latest.current = reload;
  useEffect(() => {
    let last = Date.now();
    const due = () => {
      if (document.hidden || Date.now() - last < everyS * 1000) return;
      last = Date.now();
      latest.current();
    };
    const timer = setInterval(due, 10_000);
    document.addEventListener("visibilitychange", due);
    return () => {
      clearInterval(timer);
      document.removeEventListener("visibilitychange", due);
    };
  }, [everyS]);
}
