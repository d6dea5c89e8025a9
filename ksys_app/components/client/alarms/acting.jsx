// Acting on alarms: what is asked before, and what came of it. One place for the list and the banner.
import { useEffect, useMemo, useState } from "react";
import { itemOf, keyOf } from "./held.js";
import { hindrance, needsComment, summed } from "./results.js";
import { act, useAlarms } from "./store.js";
import { Ask } from "./ask.jsx";
import { message } from "./words.jsx";
import { useMe } from "../shell/account.jsx";
import { useWords } from "../lib/usewords.js";
import { counted, fill, say } from "../lib/words.js";

// What the reader may do: texts that say why not, empty where nothing is in the way.
export function useMay() {
  const { alarms: al } = useWords();
  const { held: { writable } } = useAlarms();
  const me = useMe();
  return useMemo(() => {
    const said = (needs) => {
      const name = hindrance({ me, writable, needs });
      return name ? fill(al[name], { user: me?.user ?? "" }) : "";
    };
    return { name: me?.user ?? "", act: said("operator"), serve: said("engineer"), back: (row) => said(row.state === "out_of_service" ? "engineer" : "operator") };
  }, [al, me, writable]);
}

const UNASKED = new Set(["unshelve", "reset", "assign"]);

// `start(verb, rows)` acts, after a question where one is needed; `dialog` and `outcome` have to stand on the page.
// `onDone` is called when the server has answered what was done.
export function useActing(onDone = () => {}) {
  const [asked, setAsked] = useState(null);
  const [outcome, setOutcome] = useState(null);
  const run = async (verb, rows, more) => {
    setAsked(null);
    try {
      const results = await act(verb, rows.map(itemOf), more);
      setOutcome({ verb, results, rows });
      onDone();
    } catch (error) {
      setOutcome({ verb, failed: error.said ?? { key: "alarms.no_server", values: {} }, rows });
    }
  };
  const start = (verb, rows, { ask = false } = {}) => {
    if (rows.length === 0) return false;
    if (UNASKED.has(verb) || (verb === "ack" && !ask && !needsComment(rows))) return void run(verb, rows, {});
    return setAsked({ verb, rows });
  };
  return {
    start,
    dialog: asked ? <Ask {...asked} onClose={() => setAsked(null)} onAct={(more) => void run(asked.verb, asked.rows, more)} /> : null,
    outcome: outcome ? <Outcome {...outcome} onClose={() => setOutcome(null)} /> : null,
  };
}

const NAMED = 5;
const SAID_MS = 6000;

// In words: how many were done, and for each that was not, why.
function Outcome({ verb, results, failed, rows, onClose }) {
  const words = useWords();
  const { alarms: al, pages } = words;
  const brief = !failed && results.every(({ result }) => result === "done");
  useEffect(() => {
    const timer = brief ? setTimeout(onClose, SAID_MS) : undefined;
    return () => clearTimeout(timer);
  }, [results]);
  if (failed) {
    const why = say(words, failed);
    return <p className="al-outcome" role="alert" data-failed="true" data-testid="outcome">{fill(al.failed, { why })}<Close label={pages.close} onClose={onClose} /></p>;
  }
  const { counts, others } = summed(results);
  const known = new Map(rows.map((row) => [keyOf(row), row]));
  const name = (one) => `${one.tag_name}: ${message(known.get(keyOf(one)) ?? { ...one, level: "" }, al)}`;
  return (
    <div className="al-outcome" role="status" data-testid="outcome">
      <p>{counts.map(([result, n]) => counted(result === "done" ? al[`done_${verb}`] : al[`result_${result}`], n)).join(" · ")}</p>
      {others.length > 0 ? (
        <ul>
          {others.slice(0, NAMED).map((one) => <li key={keyOf(one)}>{name(one)}: {al[`why_${one.result}`]}</li>)}
          {others.length > NAMED ? <li>{counted(al.and_more, others.length - NAMED)}</li> : null}
        </ul>
      ) : null}
      <Close label={pages.close} onClose={onClose} />
    </div>
  );
}

function Close({ label, onClose }) {
  return (
    <button type="button" className="icon-button" aria-label={label} onClick={onClose} data-testid="outcome-close">
      <svg viewBox="0 0 24 24" width="14" height="14" aria-hidden="true" fill="none" stroke="currentColor" strokeWidth="2" strokeLinecap="round">
        <path d="M18 6 6 18M6 6l12 12" /></svg>
    </button>
  );
}
