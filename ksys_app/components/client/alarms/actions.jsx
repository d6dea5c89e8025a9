// Actions on alarms, for the list and the banner: permissions, the dialog before an action, and its outcome.
import { useEffect, useMemo, useState } from "react";
import { itemOf, keyOf } from "./snapshot.js";
import { refusalKey, needsComment, summarize } from "./results.js";
import { act, useAlarms } from "./store.js";
import { ActionDialog } from "./actiondialog.jsx";
import { message } from "./words.jsx";
import { useMe } from "../shell/account.jsx";
import { useWords } from "../lib/usewords.js";
import { counted, fill, say } from "../lib/words.js";

// The user's permissions: `act` for operators' actions, `serve` for engineers', `back(row)` to bring an alarm back. Each is
// the text why the user may not, empty if allowed.
export function usePermissions() {
  const { alarms: al } = useWords();
  const { held: { writable } } = useAlarms();
  const me = useMe();
  return useMemo(() => {
    const refusal = (needs) => {
      const name = refusalKey({ me, writable, needs });
      return name ? fill(al[name], { user: me?.user ?? "" }) : "";
    };
    return { name: me?.user ?? "", act: refusal("operator"), serve: refusal("engineer"), back: (row) => refusal(row.state === "out_of_service" ? "engineer" : "operator") };
  }, [al, me, writable]);
}

const WITHOUT_DIALOG = new Set(["unshelve", "reset", "assign"]);

// `start(verb, rows)` performs an action, after a dialog if it needs one or `ask` is true. The caller must render `dialog`
// and `outcome`. `onDone` is called when the server has answered.
export function useActions(onDone = () => {}) {
  const [question, setQuestion] = useState(null);
  const [outcome, setOutcome] = useState(null);
  const run = async (verb, rows, fields) => {
    setQuestion(null);
    try {
      const results = await act(verb, rows.map(itemOf), fields);
      setOutcome({ verb, results, rows });
      onDone();
    } catch (error) {
      setOutcome({ verb, failed: error.said ?? { key: "alarms.no_server", values: {} }, rows });
    }
  };
  const start = (verb, rows, { ask: always = false } = {}) => {
    if (rows.length === 0) return false;
    if (WITHOUT_DIALOG.has(verb) || (verb === "ack" && !always && !needsComment(rows))) return void run(verb, rows, {});
    return setQuestion({ verb, rows });
  };
  return {
    start,
    dialog: question ? <ActionDialog {...question} onClose={() => setQuestion(null)} onAct={(fields) => void run(question.verb, question.rows, fields)} /> : null,
    outcome: outcome ? <Outcome {...outcome} onClose={() => setOutcome(null)} /> : null,
  };
}

const MAX_NAMED = 5;
const OUTCOME_MS = 6000;

// The outcome as text: how many alarms were changed, and why the others were not.
function Outcome({ verb, results, failed, rows, onClose }) {
  const words = useWords();
  const { alarms: al, pages } = words;
  const brief = !failed && results.every(({ result }) => result === "done");
  useEffect(() => {
    const timer = brief ? setTimeout(onClose, OUTCOME_MS) : undefined;
    return () => clearTimeout(timer);
  }, [results]);
  if (failed) {
    const why = say(words, failed);
    return <p className="al-outcome" role="alert" data-failed="true" data-testid="outcome">{fill(al.failed, { why })}<Close label={pages.close} onClose={onClose} /></p>;
  }
  const { counts, others } = summarize(results);
  const rowByKey = new Map(rows.map((row) => [keyOf(row), row]));
  const name = (result) => `${result.tag_name}: ${message(rowByKey.get(keyOf(result)) ?? { ...result, level: "" }, al)}`;
  return (
    <div className="al-outcome" role="status" data-testid="outcome">
      <p>{counts.map(([result, n]) => counted(result === "done" ? al[`done_${verb}`] : al[`result_${result}`], n)).join(" · ")}</p>
      {others.length > 0 ? (
        <ul>
          {others.slice(0, MAX_NAMED).map((result) => <li key={keyOf(result)}>{name(result)}: {al[`why_${result.result}`]}</li>)}
          {others.length > MAX_NAMED ? <li>{counted(al.and_more, others.length - MAX_NAMED)}</li> : null}
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
