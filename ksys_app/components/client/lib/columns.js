// Answers over HTTP as React state: fetched when the URL changes, and again when `version` changes.
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { prepared } from "../chart/gaps.js";
import { load } from "./load.js";

const NO_ANSWER = { url: "", data: null, failed: null };

// The series of one tag for a chart, as `prepared` of chart/gaps.js returns it; else as `useFetched`.
export function useColumns(url, version) {
  const { data, ...state } = useFetched(url, version);
  return { ...state, data: useMemo(() => data && prepared(data), [data]) };
}

// The parsed answer of a URL as `data`, null until it has arrived; an empty URL fetches nothing. `failed` is the error of
// the last request, `again` repeats it.
export function useFetched(url, version) {
  const [answer, setAnswer] = useState(NO_ANSWER);
  const [attempt, setAttempt] = useState(0);
  const lastRequest = useRef("");
  useEffect(() => {
    if (!url) return undefined;
    const controller = new AbortController();
    load(url, controller.signal)
      .then(({ etag, data }) => {
        // The same answer to the same request: keep the object, so that nothing is drawn again.
        const request = etag && `${url} ${etag}`;
        if (request && request === lastRequest.current) return setAnswer((before) => ({ ...before, failed: null }));
        lastRequest.current = request;
        return setAnswer({ url, data, failed: null });
      })
      .catch((failed) => {
        if (!controller.signal.aborted) setAnswer((before) => ({ ...before, failed }));
      });
    return () => controller.abort();
  }, [url, version, attempt]);
  const current = answer.url === url;
  return {
    data: current ? answer.data : null,
    // The answer of another URL is not shown while this one loads.
    loading: !current && !answer.failed,
    failed: answer.failed,
    again: useCallback(() => {
      setAnswer((before) => ({ ...before, failed: null }));
      setAttempt((n) => n + 1);
    }, []),
  };
}
