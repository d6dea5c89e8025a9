// Downloads a file: fetches it, reports the progress, and hands it to the browser. The user can stop a download.
import { useEffect, useRef, useState } from "react";
import { Refused } from "../../lib/load.js";
import { at } from "../../lib/paths.js";
import { fileNameOf } from "./request.js";

const IDLE = { state: "idle", kind: "", name: "", bytes: 0, message: null };
const PROGRESS_MS = 200;
// A browser reads the file some time after the click that saves it.
const REVOKE_MS = 60_000;

// The download of this component: `job` has its state ("idle", "running", "done" or "failed"), the kind and the name of the file, the bytes fetched so
// far, and for a failure its `message`, a text key and its values.
export function useDownload() {
  const [job, setJob] = useState(IDLE);
  const running = useRef(null);
  useEffect(() => () => running.current?.abort(), []);
  const stop = () => running.current?.abort();
  // `makeFile(signal, onProgress)` returns a promise of `{ blob, name }`, and calls `onProgress` with the bytes fetched so far.
  const start = async (kind, makeFile) => {
    stop();
    const controller = new AbortController();
    running.current = controller;
    const update = (changes) => running.current === controller && setJob((before) => ({ ...before, ...changes }));
    setJob({ ...IDLE, state: "running", kind });
    try {
      const { blob, name } = await makeFile(controller.signal, (bytes) => update({ bytes }));
      save(blob, name);
      update({ state: "done", name, bytes: blob.size });
    } catch (error) {
      if (controller.signal.aborted) update(IDLE);
      // A download that breaks off has no message of the server.
      else update({ state: "failed", message: error.said ?? { key: "explore.file_broken", values: {} } });
    }
  };
  return { job, start, stop, reset: () => setJob(IDLE) };
}

/** Fetches a file: `{ blob, name }`. Throws `Refused` for an answer with an error, and the error of `fetch` if the answer is cut short. */
export async function fetchFile(url, kind, signal, onProgress) {
  const answer = await fetch(at(url), { signal, cache: "no-store" });
  if (!answer.ok) throw new Refused((await answer.json().catch(() => ({}))).error, answer.status);
  const [parts, reader] = [[], answer.body.getReader()];
  let [bytes, reportedAt] = [0, 0];
  for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) {
    parts.push(chunk.value);
    bytes += chunk.value.length;
    if (performance.now() - reportedAt > PROGRESS_MS) {
      onProgress(bytes);
      reportedAt = performance.now();
    }
  }
  const blob = new Blob(parts, { type: answer.headers.get("content-type") });
  return { blob, name: fileNameOf(answer.headers.get("content-disposition"), `series.${kind}`) };
}

/** Makes the browser save a file. */
export function save(blob, name) {
  const url = URL.createObjectURL(blob);
  Object.assign(document.createElement("a"), { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), REVOKE_MS);
}
