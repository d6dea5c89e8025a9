// A series as columns over HTTP, fetched again when its version changes.
import { useCallback, useEffect, useRef, useState } from "react";
import { prepared } from "../chart/gaps.js";
import { at } from "./paths.js";

const NOTHING = { url: "", data: null, failed: null };

export function useColumns(url, version) {
  const [held, setHeld] = useState(NOTHING);
  const [attempt, setAttempt] = useState(0);
  const tag = useRef("");
  useEffect(() => {
    if (!url) return undefined;
    const stop = new AbortController();
    load(url, stop.signal)
      .then(({ etag, data }) => {
        // The same answer again: what is drawn stays.
        if (etag && etag === tag.current) return setHeld((before) => ({ ...before, failed: null }));
        tag.current = etag;
        return setHeld({ url, data, failed: null });
      })
      .catch((failed) => {
        if (!stop.signal.aborted) setHeld((before) => ({ ...before, failed }));
      });
    return () => stop.abort();
  }, [url, version, attempt]);
  const current = held.url === url;
  return {
    data: current ? held.data : null,
    // Figures of another tag or window are not shown while these are fetched.
    loading: !current && !held.failed,
    failed: held.failed,
    again: useCallback(() => {
      setHeld((before) => ({ ...before, failed: null }));
      setAttempt((n) => n + 1);
    }, []),
  };
}

// Why the server answered no data, as a message for a reader of any language.
export class Refused extends Error {
  constructor(code, status) {
    super(code ?? `HTTP ${status}`);
    this.said = code ? { key: `errors.code_${code}`, values: {} } : { key: "errors.http", values: { status } };
  }
}

async function load(url, signal) {
  // The browser asks whether what it has is still good; an unchanged answer comes from its cache.
  const answer = await fetch(at(url), { signal, cache: "no-cache" });
  const body = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Refused(body.error?.code, answer.status);
  return { etag: answer.headers.get("etag") ?? "", data: prepared(body) };
}
