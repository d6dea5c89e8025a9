// The forms that save the current page as a view, and that change a view.
import { useId, useState } from "react";
import { MOST_NAME, save } from "./saved.js";
import { useMe } from "../shell/account.jsx";
import { useWords } from "../lib/usewords.js";

const SHARING = ["operator", "engineer", "admin"];
export const useMayShare = () => SHARING.includes(useMe()?.role);
// Whether the user may change a view: an own one, or, as an engineer or administrator, any shared one.
export const useMayChange = (view) => {
  const role = useMe()?.role;
  return view.mine || ["engineer", "admin"].includes(role);
};

export function Save({ here, views, act }) {
  const { explore: x } = useWords();
  const [name, setName] = useState("");
  const [shared, setShared] = useState(false);
  const existing = views.find((view) => view.mine && view.name === name.trim()) ?? null;
  const send = async (event) => {
    event.preventDefault();
    const view = { ...here, name: name.trim(), shared: shared || Boolean(existing?.shared) };
    if (!view.name || !await act(() => save(view, existing), view, x.view_saved)) return;
    setName("");
    setShared(false);
  };
  return (
    <form className="views-save" onSubmit={send}>
      <input type="text" value={name} placeholder={x.view_name} aria-label={x.view_name} maxLength={MOST_NAME} data-testid="view-name"
        autoComplete="off" onChange={(event) => setName(event.target.value)} />
      <button type="submit" className="control control-primary" disabled={!name.trim()} data-testid="view-save">{existing ? x.view_replace : x.view_save}</button>
      <Share shared={shared || Boolean(existing?.shared)} onShare={setShared} />
    </form>
  );
}

export function Share({ shared, onShare }) {
  const { explore: x } = useWords();
  const may = useMayShare();
  if (!may) return null;
  return <label className="check"><input type="checkbox" checked={shared} data-testid="view-share" onChange={(event) => onShare(event.target.checked)} />{x.view_share}</label>;
}

// The form that renames a view, and shares it or not.
export function Edit({ view, act, onClose }) {
  const { explore: x, pages } = useWords();
  const [name, setName] = useState(view.name);
  const [shared, setShared] = useState(view.shared);
  const id = useId();
  const send = async (event) => {
    event.preventDefault();
    const next = { ...view, name: name.trim(), shared };
    if (next.name && await act(() => save(next, view), next, x.view_saved)) onClose();
  };
  return (
    <form className="views-save" onSubmit={send} onKeyDown={(event) => {
      if (event.key !== "Escape") return;
      event.stopPropagation();
      onClose();
    }}>
      <label className="sr-only" htmlFor={id}>{x.view_name}</label>
      <input id={id} ref={focusOnMount} type="text" value={name} maxLength={MOST_NAME} autoComplete="off" data-testid="view-rename" onChange={(event) => setName(event.target.value)} />
      <button type="submit" className="control control-primary" disabled={!name.trim()} data-testid="view-rename-save">{x.view_save}</button>
      <button type="button" className="control" onClick={onClose}>{pages.close}</button>
      <Share shared={shared} onShare={setShared} />
    </form>
  );
}

const focusOnMount = (input) => input?.focus();
