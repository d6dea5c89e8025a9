// The menu of saved views: opens, changes and deletes views, and saves the current one.
import "../lib/explorewords.js";
import { useCallback, useEffect, useState } from "react";
import { useNavigate } from "react-router";
import * as Popover from "@radix-ui/react-popover";
import { Look } from "./look.jsx";
import { Row } from "./row.jsx";
import { Save } from "./save.jsx";
import { SAVED_PAGES, kioskAddress, currentView } from "./turns.js";
import { setStartView, list, reason, save } from "./saved.js";
import { at } from "../lib/paths.js";
import { useWords } from "../lib/usewords.js";
import { capital, fill } from "../lib/words.js";

// With more views than this the menu has a filter.
const MANY = 8;

export function Views() {
  const { explore: x } = useWords();
  const [open, setOpen] = useState(false);
  return (
    <Popover.Root open={open} onOpenChange={setOpen}>
      <Look />
      <Popover.Trigger className="icon-button" aria-label={x.views} title={x.views} data-testid="views">
        <svg viewBox="0 0 24 24" width="16" height="16" aria-hidden="true" fill="none" stroke="currentColor" strokeWidth="2"
          strokeLinejoin="round"><path d="M6 3h12v18l-6-5-6 5z" /></svg>
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Content className="popover views" aria-label={x.views} align="end" sideOffset={4} collisionPadding={8} data-testid="views-panel">
          <Panel close={() => setOpen(false)} />
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  );
}

function Panel({ close }) {
  const words = useWords();
  const { explore: x } = words;
  const navigate = useNavigate();
  const { views, failed, act, message, deleted, undo } = useViews(words);
  const [filter, setFilter] = useState("");
  const here = currentView(window.location, at(""));
  const open = (to) => {
    close();
    navigate(to);
  };
  const search = filter.trim().toLowerCase();
  const shown = (views ?? []).filter(({ name, owner }) => `${name} ${owner}`.toLowerCase().includes(search));
  const section = (title, rows, name) => (rows.length === 0 ? null : (
    <section aria-label={title} data-testid={`views-${name}`}>
      <h3>{title}</h3>
      <ul>{rows.map((view) => <Row key={`${view.owner}/${view.name}`} view={view} act={act} onOpen={open} />)}</ul>
    </section>
  ));
  return (
    <>
      {SAVED_PAGES.includes(here.path) ? <Save here={here} views={views ?? []} act={act} /> : null}
      <p className="views-said" role="status" data-testid="views-said">
        {message || failed}
        {deleted ? <button type="button" className="control control-small" data-testid="view-undo" onClick={undo}>{x.view_undo}</button> : null}
      </p>
      {(views ?? []).length > MANY ? (
        <input type="search" className="views-filter" value={filter} placeholder={x.view_find} aria-label={x.view_find} onChange={(event) => setFilter(event.target.value)} />
      ) : null}
      {section(x.view_mine, shown.filter(({ mine }) => mine), "mine")}
      {section(x.view_shared, shown.filter(({ mine }) => !mine), "shared")}
      {views?.length === 0 ? <p className="range-hint">{x.view_none}</p> : null}
      <p className="views-foot">
        {SAVED_PAGES.includes(here.path) ? <a href={at(kioskAddress(here))} data-testid="view-fill">{x.view_fill}</a> : null}
        <a href={at("/wall")} data-testid="view-wall" onClick={(event) => {
          event.preventDefault();
          open("/wall");
        }}>{x.view_wall}</a>
      </p>
    </>
  );
}

// The views of the user; `act`, which performs a change; `message`, its outcome; `undo` for a deleted view.
function useViews(words) {
  const { explore: x } = words;
  const [views, setViews] = useState(null);
  const [failed, setFailed] = useState("");
  const [message, setMessage] = useState("");
  const [deleted, setDeleted] = useState(null);
  const reload = useCallback((signal = undefined) => list(signal).then(setViews, (error) => {
    if (!signal?.aborted) setFailed(capital(words, reason(error, "")));
  }), [words]);
  useEffect(() => {
    const stop = new AbortController();
    void reload(stop.signal);
    return () => stop.abort();
  }, []);
  // Performs a change of a view, shows its outcome, and fetches the list again. Returns whether it succeeded.
  const act = async (request, view, text) => {
    setDeleted(null);
    try {
      await request();
    } catch (error) {
      setMessage(capital(words, reason(error, view.name)));
      void reload();
      return false;
    }
    setMessage(fill(text, { name: view.name }));
    if (text === x.view_deleted) setDeleted(view);
    await reload();
    return true;
  };
  const undo = () => act(async () => {
    await save(deleted, null);
    if (deleted.start) await setStartView(deleted);
  }, deleted, x.view_saved);
  return { views, failed, act, message, deleted, undo };
}

