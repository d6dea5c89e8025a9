// The events of the chosen tags in the time of the page. They are fetched again when an alarm of these tags changes, and once a minute while the page is live.
import { useEffect, useMemo, useRef, useState } from "react";
import { alarmVersion } from "../../alarms/snapshot.js";
import { useAlarms } from "../../alarms/store.js";
import { useFetched } from "../../lib/columns.js";
import { useExplore } from "../store.jsx";
import { eventsOf, requestOf, shiftsOf } from "./events.js";

const MINUTE_MS = 60_000;
const EMPTY = [];

// `manyShifts`: whether the server omitted the shifts because there are too many. `since`: by kind, the time from which the server has its events.
export function useEvents() {
  const { tags, timeQuery, version } = useExplore();
  const { held: alarms } = useAlarms();
  const [minute, setMinute] = useState(0);
  const refreshedAt = useRef(0);
  useEffect(() => {
    if (Date.now() - refreshedAt.current < MINUTE_MS) return;
    refreshedAt.current = Date.now();
    setMinute((n) => n + 1);
  }, [version]);
  const names = [...tags].sort().join("\n");
  const url = useMemo(() => (tags.length > 0 ? requestOf(tags, timeQuery) : ""), [names, timeQuery]);
  const { data, failed, again } = useFetched(url, `${alarmVersion(alarms.rows, tags)} ${minute}`);
  // The events of the same tags and time stay until the new answer arrives.
  return useMemo(() => ({
    events: data ? eventsOf(data) : EMPTY, shifts: data ? shiftsOf(data) : EMPTY, manyShifts: data?.shifts === null, failed, again, loaded: data !== null,
    since: Object.fromEntries((data?.kinds ?? EMPTY).filter(({ since }) => since).map(({ kind, since }) => [kind, Date.parse(since)])),
    units: Object.fromEntries((data?.tags ?? EMPTY).map(({ tag_name: tag, unit }) => [tag, unit])),
  }), [data, failed]);
}
