// Parts that the tables of statistics share: the name of a tag, the buttons that copy, and the states without figures.
import { useEffect, useState } from "react";
import { useExplore } from "../store.jsx";
import { timeText } from "./model.js";
import { toClipboard } from "../../lib/clipboard.js";
import { useWords } from "../../lib/usewords.js";
import { fill, say } from "../../lib/words.js";

const COPIED_MS = 2000;

// The time of an answer as text.
export const spanText = ({ from, to }, zone) => `${timeText(from, zone)} – ${timeText(to, zone)}`;

export function TagName({ tag, title, unit = "" }) {
  const { colour } = useExplore();
  return (
    <>
      <span className="stat-colour" style={{ background: `var(--series-${colour(tag)})` }} aria-hidden="true" />
      <span className="stat-name" title={title ? `${tag}\n${title}` : tag}>{tag}</span>
      {unit ? <span className="stat-unit">{unit}</span> : null}
      {title ? <span className="about">{title}</span> : null}
    </>
  );
}

// Buttons that copy the figures: as text for people, and as CSV with all digits for programs. `text` and `csv` return what is copied.
export function Copies({ text, csv }) {
  const { x } = useExplore();
  const [copied, setCopied] = useState("");
  useEffect(() => {
    if (!copied) return undefined;
    const timer = setTimeout(() => setCopied(""), COPIED_MS);
    return () => clearTimeout(timer);
  }, [copied]);
  const button = (name, label, content) => (
    <button type="button" className="control control-small" data-testid={`stat-copy-${name}`}
      onClick={() => void toClipboard(content()).then(() => setCopied(label))}>{label}</button>
  );
  return (
    <span className="stat-copies">
      <span role="status" className="note">{copied ? x.stat_copied : ""}</span>
      {button("text", x.stat_copy, text)}
      {button("csv", x.stat_copy_csv, csv)}
    </span>
  );
}

// The state of a table without figures: the server is asked for them (`reading`), or it did not answer.
export function NoFigures({ failed, again, reading }) {
  const words = useWords();
  const { x, t } = useExplore();
  if (!failed) return reading ? <p className="note stat-wait" role="status" data-testid="stat-reading">{x.stat_reading}</p> : null;
  return (
    <div className="box" role="alert" data-testid="stat-failed">
      <p>{fill(x.stat_failed, { why: failed.said ? say(words, failed.said) : failed.message })}</p>
      <button type="button" className="control" onClick={again}>{t.retry}</button>
    </div>
  );
}
