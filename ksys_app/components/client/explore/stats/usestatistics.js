// Fetches the statistics of tags over a time. While a drag changes the time, it waits until the drag rests.
import { useEffect, useRef, useState } from "react";
import { useFetched } from "../../lib/columns.js";

const PAUSE_MS = 300;

// The value after it has not changed for `PAUSE_MS`; the first value without a pause.
function useSettled(value) {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    if (value === settled) return undefined;
    const timer = setTimeout(() => setSettled(value), settled ? PAUSE_MS : 0);
    return () => clearTimeout(timer);
  }, [value, settled]);
  return settled;
}

// The statistics in the order of the tags (`found`, null without any), `failed`, and `again`, which fetches once more. `old`: the
// statistics are still those of another time, and those of this time are on their way.
export function useStatistics(tags, url, version) {
  const settledUrl = useSettled(url);
  // The first version comes with the page, so it is no reason to fetch again.
  const { data, failed, again } = useFetched(settledUrl, Math.max(1, version));
  const latest = useRef(null);
  if (data) latest.current = data;
  const byTag = new Map((latest.current?.tags ?? []).map((row) => [row.tag_name, row]));
  const complete = tags.every((tag) => byTag.has(tag));
  return {
    found: latest.current && complete ? { ...latest.current, tags: tags.map((tag) => byTag.get(tag)) } : null,
    old: settledUrl !== url || !data,
    failed,
    again,
  };
}
