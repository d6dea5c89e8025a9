// What the limits in the fields would have done in the last 30 days: by minutes at once, by every sample when asked for.
import { useEffect, useRef, useState } from "react";
import { ask, json } from "./ask.js";
import { ageText } from "../lib/age.js";
import { brief } from "../lib/figures.js";
import { useWords } from "../lib/usewords.js";
import { fill } from "../lib/words.js";

const PATH = "/api/v1/rules/preview";
const PAUSE_MS = 400;

export function Preview({ tag, changes, may, broken }) {
  const { edit: ed } = useWords();
  const [found, setFound] = useState(null);
  const [why, setWhy] = useState("");
  const [running, setRunning] = useState(0);
  const stop = useRef(null);
  const wanted = JSON.stringify({ tag_name: tag, ...changes });
  useEffect(() => {
    stop.current?.abort();
    if (!may || broken) return undefined;
    const later = new AbortController();
    const timer = setTimeout(() => {
      json(PATH, { method: "POST", body: JSON.parse(wanted), signal: later.signal })
        .then((one) => { setFound(one); setWhy(""); }, (error) => error.name === "AbortError" || setWhy(error.message));
    }, PAUSE_MS);
    return () => { clearTimeout(timer); later.abort(); };
  }, [wanted, may, broken]);
  useEffect(() => () => stop.current?.abort(), []);
  const exactly = async () => {
    stop.current = new AbortController();
    setRunning(1);
    try {
      const answer = await ask(`${PATH}/exact`, { method: "POST", body: JSON.parse(wanted), signal: stop.current.signal });
      await lines(answer, (one) => { setFound(one); setRunning(portion(one)); });
    } catch (error) {
      if (error.name !== "AbortError") setWhy(error.message);
    } finally {
      setRunning(0);
    }
  };
  if (!may) return null;
  return (
    <section className="limits-preview" aria-label={ed.preview} data-testid="limits-preview" data-exact={Boolean(found?.exact)}>
      <h3>{ed.preview}</h3>
      {why ? <p className="note" role="alert">{why}</p> : null}
      {found ? <Figures found={found} ed={ed} /> : why || broken ? null : <p className="note">{ed.reading}</p>}
      <div className="limits-actions">
        {running ? (
          <>
            <progress max="100" value={running} aria-label={ed.exact_running} />
            <button type="button" className="control" data-testid="preview-stop" onClick={() => stop.current?.abort()}>{ed.stop}</button>
          </>
        ) : (
          <button type="button" className="control" disabled={broken} data-testid="preview-exact" onClick={exactly}>{ed.exact}</button>
        )}
      </div>
    </section>
  );
}

function Figures({ found, ed }) {
  const words = useWords();
  const time = (seconds) => (seconds ? ageText(seconds, words.live) : "0");
  const standing = (one) => one.active.map(({ condition, level }) => [ed[`cond_${condition}`], level].filter(Boolean).join(" ")).join(", ") || ed.nothing;
  const rows = {
    raises: (one) => String(one.raises),
    per_day: (one) => brief(one.per_day, 3),
    longest: (one) => time(one.longest_s),
    in_alarm: (one) => time(one.in_alarm_s),
    chatter: (one) => String(one.chatter),
    events: (one) => String(one.events),
    now: standing,
  };
  const names = found.not_judged.map((name) => ed[`cond_${name}`]).join(", ");
  return (
    <>
      <p className="note">{found.exact ? fill(ed.by_samples, { n: String(found.samples), to: found.reached.slice(0, 16).replace("T", " ") }) : ed.by_minutes}</p>
      <table className="series">
        <caption className="sr-only">{ed.preview}</caption>
        <thead><tr><th scope="col">{ed.figure}</th><th scope="col">{ed.before}</th><th scope="col">{ed.after}</th></tr></thead>
        <tbody>
          {Object.entries(rows).map(([name, text]) => (
            <tr key={name} data-testid={`preview-${name}`} data-changed={text(found.before) !== text(found.after)}>
              <th scope="row">{ed[`figure_${name}`]}</th>
              <td>{found.exact ? "" : "≈ "}{text(found.before)}</td>
              <td>{found.exact ? "" : "≈ "}{text(found.after)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {names ? <p className="note">{fill(ed.not_judged, { names })}</p> : null}
      {found.truncated ? <p className="note">{ed.truncated}</p> : null}
    </>
  );
}

const portion = ({ start, end, reached }) =>
  Math.max(1, Math.round((100 * (Date.parse(reached) - Date.parse(start))) / (Date.parse(end) - Date.parse(start))));

async function lines(answer, take) {
  let rest = "";
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  for (let { done, value } = await reader.read(); !done; { done, value } = await reader.read()) {
    const parts = (rest + value).split("\n");
    rest = parts.pop();
    parts.filter(Boolean).forEach((line) => take(JSON.parse(line)));
  }
}
