// A hint over a chart that disappears after a moment.
import { useEffect, useState } from "react";

const HINT_MS = 1500;

// Whether the hint is shown, and a function that shows it.
export function useHint() {
  const [shown, setShown] = useState(0);
  useEffect(() => {
    if (!shown) return undefined;
    const timer = setTimeout(() => setShown(0), HINT_MS);
    return () => clearTimeout(timer);
  }, [shown]);
  return /** @type {[boolean, () => void]} */ ([shown > 0, () => setShown((times) => times + 1)]);
}
