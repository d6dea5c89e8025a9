// Requests for saved views.
import { Refused, json, ask } from "../limits/ask.js";
import { nameFlaw } from "../lib/savednames.js";

export const MOST_NAME = 80;
const PATH = "/api/v1/views";
const START = "/api/v1/me/start";
const urlOf = (name, query) => `${PATH}/${encodeURIComponent(name)}?${new URLSearchParams(query)}`;

export const list = (signal) => json(PATH, { signal });
export const viewNamed = (name) => json(urlOf(name, {}));
export const setStartView = ({ owner, name }) => ask(START, { method: "PUT", body: { owner, name } });
export const clearStartView = () => ask(START, { method: "DELETE" });

// Saves `view`; `existing` is the view that it replaces, null for a new one. An invalid name is refused here, because it would
// change the path of the request.
export function save(view, existing) {
  const { name, path, query, shared } = view;
  const flaw = nameFlaw(name);
  if (flaw) throw new Refused(400, { message: flaw, ...(flaw === "step" ? { key: "errors.name_step", values: { name: `'${name}'` } } : { key: "errors.view_name", values: { most: MOST_NAME } }) });
  const body = { path, query, shared, version: existing?.version ?? 0, ...(existing ? { name } : {}) };
  return json(urlOf(existing?.name ?? name, existing ? { owner: existing.owner } : {}), { method: "PUT", body });
}

export const remove = ({ name, owner, version }) => ask(urlOf(name, { owner, version: String(version) }), { method: "DELETE" });

// The message of an error of a request about the view `name`.
export function reason(error, name) {
  if (!(error instanceof Refused)) return { key: "live.says_disconnected", values: {} };
  const { code, status, key, values } = /** @type {any} */ (error);
  if (key) return { key, values };
  if (code === "FORBIDDEN") return { key: "errors.read_only", values: {} };
  if (code === "UNKNOWN_TAG") return { key: "errors.no_saved_view", values: { name } };
  if (code === "BAD_PARAMETER") return { key: "errors.view_query", values: {} };
  return code ? { key: `errors.code_${code}`, values: {} } : { key: "errors.http", values: { status } };
}
