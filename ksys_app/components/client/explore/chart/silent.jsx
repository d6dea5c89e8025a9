// A tag without a value in the shown time: its newest value, and a button that shows the time around it.
import { useEffect, useState } from "react";
import { load } from "../../lib/load.js";
import { fill } from "../../lib/words.js";
import { useExplore } from "../store.jsx";
import { newestOf, newestUrl, rangeAt, silentTags, silentText } from "./silent.js";

// The newest value of each silent tag of the data, by tag: null if the tag has none, no key until it is known.
export function useNewest(data) {
  const [newest, setNewest] = useState({});
  const key = data ? silentTags(data).join("\n") : "";
  useEffect(() => {
    setNewest({});
    const controller = new AbortController();
    key.split("\n").filter(Boolean).forEach((tag) => {
      // Without an answer the page says only that there is no value in this time.
      load(newestUrl(tag), controller.signal).then(({ data: rows }) => setNewest((before) => ({ ...before, [tag]: newestOf(rows) })), () => {});
    });
    return () => controller.abort();
  }, [key, data?.from]);
  return newest;
}

export function Silent({ tag, unit, title, ...rest }) {
  const { data, newest, act, x, zone } = useExplore();
  const go = () => {
    // The button goes away with the old time. The keyboard goes on at the chart.
    const box = document.querySelector(".explore-box");
    if (box instanceof HTMLElement) box.focus({ preventScroll: true });
    act.setRange(...rangeAt(newest[tag].ms, data, zone));
  };
  const text = silentText({ newest: newest[tag], unit, calculated: title.includes("ƒ ") }, x, zone);
  if (!text) return null;
  return (
    <span className="explore-silent" data-testid="silent" {...rest}>
      <span>{text}</span>
      {newest[tag] ? (
        <button type="button" className="control control-small" aria-label={fill(x.plot_silent_go_name, { name: tag })} data-testid="silent-go"
          onClick={go}>{x.plot_silent_go}</button>
      ) : null}
    </span>
  );
}
