// The page `/wall?views=A,B&every=30` starts the rotation of views; without `views`, the user chooses them.
import "../lib/explorewords.js";
import { useEffect, useState } from "react";
import { useLocation, useNavigate } from "react-router";
import { Look } from "./look.jsx";
import { describe } from "./row.jsx";
import { SECONDS, kioskAddress, namesIn, namesText, secondsIn } from "./turns.js";
import { list, reason } from "./saved.js";
import { nextView } from "./useturns.jsx";
import { toClipboard } from "../lib/clipboard.js";
import { at } from "../lib/paths.js";
import { useWords } from "../lib/usewords.js";
import { capital, fill } from "../lib/words.js";

const RETRY_MS = 5000;

export function Wall() {
  const { search } = useLocation();
  const query = new URLSearchParams(search);
  const names = namesIn(query.get("views") ?? "");
  return (
    <>
      <Look />
      {names.length > 0 ? <StartWall names={names} every={secondsIn(query.get("every"))} /> : <ChooseViews />}
    </>
  );
}

// Starts the rotation; repeats that until one of the views can be shown.
function StartWall({ names, every }) {
  const { explore: x } = useWords();
  const navigate = useNavigate();
  const [attempts, setAttempts] = useState(0);
  useEffect(() => {
    let unmounted = false;
    let timer = 0;
    const turns = { names, every, at: names.length - 1 };
    void nextView(turns, 1).then((found) => {
      if (unmounted) return;
      if (found) navigate(kioskAddress(found.view, { ...turns, at: found.at }), { replace: true });
      else timer = window.setTimeout(() => setAttempts((n) => n + 1), RETRY_MS);
    });
    return () => {
      unmounted = true;
      clearTimeout(timer);
    };
  }, [attempts, names.join()]);
  return <div className="box" role="status" data-testid="wall-waits">{attempts === 0 ? x.view_begins : fill(x.view_waits, { names: names.join(", ") })}</div>;
}

function ChooseViews() {
  const words = useWords();
  const { explore: x } = words;
  const navigate = useNavigate();
  const [views, setViews] = useState(null);
  const [failed, setFailed] = useState("");
  const [chosen, setChosen] = useState([]);
  const [every, setEvery] = useState(String(SECONDS.usual));
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    list().then(setViews, (error) => setFailed(capital(words, reason(error, ""))));
  }, []);
  const address = `/wall?${new URLSearchParams({ views: namesText(chosen), every: String(secondsIn(every)) })}`;
  const toggle = (name) => {
    setCopied(false);
    setChosen((before) => (before.includes(name) ? before.filter((view) => view !== name) : [...before, name]));
  };
  // Offers each name once, because an address has names without owners. The server resolves a name to the user's own view first.
  const offered = (views ?? []).filter(({ name }, place) => views.findIndex((view) => view.name === name) === place);
  return (
    <form className="box views-wall" data-testid="wall" onSubmit={(event) => {
      event.preventDefault();
      navigate(address);
    }}>
      <p>{x.view_wall_hint}</p>
      {failed ? <p role="alert">{failed}</p> : null}
      {views?.length === 0 ? <p>{x.view_none}</p> : null}
      <ul>
        {offered.map((view) => (
          <li key={view.name}>
            <label className="check">
              <input type="checkbox" checked={chosen.includes(view.name)} onChange={() => toggle(view.name)} />
              <span className="views-name">{view.name}</span>
            </label>
            <span className="views-about">{describe(view, words)}</span>
            {chosen.includes(view.name) ? <span className="count">{chosen.indexOf(view.name) + 1}</span> : null}
          </li>
        ))}
      </ul>
      <label className="views-every">{x.view_every}
        <input type="number" min={SECONDS.least} max={SECONDS.most} value={every} data-testid="wall-every" onChange={(event) => setEvery(event.target.value)} />
      </label>
      <p className="box-actions">
        <button type="submit" className="control control-primary" disabled={chosen.length === 0} data-testid="wall-begin">{x.view_begin}</button>
        <button type="button" className="control" disabled={chosen.length === 0}
          onClick={() => void toClipboard(new URL(at(address), window.location.origin).href).then(() => setCopied(true))}>{x.view_copy}</button>
        <span role="status">{copied ? words.ranges.copied : ""}</span>
      </p>
    </form>
  );
}
