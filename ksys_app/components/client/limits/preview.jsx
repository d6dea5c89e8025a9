// A preview: the alarms that the limits in the fields would have raised in the last 30 days. The fast one uses minutes, the
// exact one, on demand, every sample.
import { useEffect, useRef, useState } from "react";
import { ask, json } from "./ask.js";
import { ageText } from "../lib/age.js";
import { brief } from "../lib/figures.js";
import { useWords } from "../lib/usewords.js";
import { fill, say } from "../lib/words.js";

const PATH = "/api/v1/rules/preview";
const PAUSE_MS = 400;

export function Preview({ tag, changes, may, broken }) {
  const words = useWords();
  const { edit: ed } = words;
  const [preview, setPreview] = useState(null);
  const [failure, setFailure] = useState(null);
  const [running, setRunning] = useState(0);
  const exactRun = useRef(null);
  const request = JSON.stringify({ tag_name: tag, ...changes });
  useEffect(() => {
    exactRun.current?.abort();
    if (!may || broken) return undefined;
    const controller = new AbortController();
    const timer = setTimeout(() => {
      json(PATH, { method: "POST", body: JSON.parse(request), signal: controller.signal })
        .then((answer) => { setPreview(answer); setFailure(null); }, (error) => error.name === "AbortError" || setFailure(error));
    }, PAUSE_MS);
    return () => { clearTimeout(timer); controller.abort(); };
  }, [request, may, broken]);
  useEffect(() => () => exactRun.current?.abort(), []);
  const runExact = async () => {
    exactRun.current = new AbortController();
    setRunning(1);
    try {
      const response = await ask(`${PATH}/exact`, { method: "POST", body: JSON.parse(request), signal: exactRun.current.signal });
      await readLines(response, (answer) => { setPreview(answer); setRunning(progressOf(answer)); });
    } catch (error) {
      if (error.name !== "AbortError") setFailure(error);
    } finally {
      setRunning(0);
    }
  };
  if (!may) return null;
  const reason = failure && reasonOf(words, failure);
  return (
    <section className="limits-preview" aria-label={ed.preview} data-testid="limits-preview" data-exact={Boolean(preview?.exact)}>
      <h3>{ed.preview}</h3>
      {reason ? <p className="note" role="alert">{reason}</p> : null}
      {preview ? <Figures preview={preview} ed={ed} /> : reason || broken ? null : <p className="note">{ed.reading}</p>}
      <div className="limits-actions">
        {running ? (
          <>
            <progress max="100" value={running} aria-label={ed.exact_running} />
            <button type="button" className="control" data-testid="preview-stop" onClick={() => exactRun.current?.abort()}>{ed.stop}</button>
          </>
        ) : (
          <button type="button" className="control" disabled={broken} data-testid="preview-exact" onClick={runExact}>{ed.exact}</button>
        )}
      </div>
    </section>
  );
}

function Figures({ preview, ed }) {
  const words = useWords();
  const time = (seconds) => (seconds ? ageText(seconds, words.live) : "0");
  const activeText = (counts) => counts.active.map(({ condition, level }) => [ed[`cond_${condition}`], level].filter(Boolean).join(" ")).join(", ") || ed.nothing;
  const rows = {
    raises: (counts) => String(counts.raises),
    per_day: (counts) => brief(counts.per_day, 3),
    longest: (counts) => time(counts.longest_s),
    in_alarm: (counts) => time(counts.in_alarm_s),
    chatter: (counts) => String(counts.chatter),
    events: (counts) => String(counts.events),
    now: activeText,
  };
  const names = preview.not_judged.map((name) => ed[`cond_${name}`]).join(", ");
  return (
    <>
      <p className="note">{preview.exact ? fill(ed.by_samples, { n: String(preview.samples), to: minuteText(preview.reached) }) : ed.by_minutes}</p>
      <table className="series">
        <caption className="sr-only">{ed.preview}</caption>
        <thead><tr><th scope="col">{ed.figure}</th><th scope="col">{ed.before}</th><th scope="col">{ed.after}</th></tr></thead>
        <tbody>
          {Object.entries(rows).map(([name, text]) => (
            <tr key={name} data-testid={`preview-${name}`} data-changed={text(preview.before) !== text(preview.after)}>
              <th scope="row">{ed[`figure_${name}`]}</th>
              <td>{preview.exact ? "" : "≈ "}{text(preview.before)}</td>
              <td>{preview.exact ? "" : "≈ "}{text(preview.after)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {names ? <p className="note">{fill(preview.exact ? ed.never_judged : ed.not_judged, { names })}</p> : null}
      {preview.truncated ? <p className="note">{preview.exact ? ed.truncated : fill(ed.minutes_since, { from: minuteText(preview.start) })}</p> : null}
    </>
  );
}

// Why there is no preview, in the reader's language if the server sends the key of a text.
const reasonOf = (words, { key, values, message }) => (key ? say(words, { key, values }) : message);

const minuteText = (moment) => moment.slice(0, 16).replace("T", " ");

// How far an exact run has come, percent, at least 1.
const progressOf = ({ start, end, reached }) =>
  Math.max(1, Math.round((100 * (Date.parse(reached) - Date.parse(start))) / (Date.parse(end) - Date.parse(start))));

// Calls `take` with each line of an answer of JSON lines, as it arrives.
async function readLines(response, onItem) {
  let rest = "";
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  for (let { done, value } = await reader.read(); !done; { done, value } = await reader.read()) {
    const parts = (rest + value).split("\n");
    rest = parts.pop();
    parts.filter(Boolean).forEach((line) => onItem(JSON.parse(line)));
  }
}
