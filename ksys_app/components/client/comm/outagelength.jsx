// The length of the longest outage, or the sum of all; an ongoing outage grows with the clock.
import { lengthText } from "../lib/age.js";
import { useWords } from "../lib/usewords.js";
import { useDatabaseTime } from "../grid/freshness.jsx";

const MINUTE = 60_000;

export function OutageLength({ endedMin, sinceMs, sum = false }) {
  const { live: t } = useWords();
  const minutes = useDatabaseTime((now) => {
    const ongoing = sinceMs > 0 ? Math.max(0, Math.floor((now - sinceMs) / MINUTE)) : 0;
    return sum ? endedMin + ongoing : Math.max(endedMin, ongoing);
  });
  return minutes > 0 ? lengthText(minutes, t) : "–";
}
