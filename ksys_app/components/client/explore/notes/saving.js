// Creates, changes and deletes annotations on the server, and describes a failure.
import { noteOfRow } from "./notes.js";
import { goToLogin } from "../../lib/me.js";
import { at } from "../../lib/paths.js";
import { fill, say } from "../../lib/words.js";

const BASE = "/api/v1/annotations";
const pathOf = (id) => `${BASE}/${id}`;

/**
 * Why a request failed, in the user's language.
 * @param {any} words
 * @param {{ failed?: string, code?: string, key?: string, values?: any }} outcome of `send`
 */
export function failureText(words, { failed, code, key, values }) {
  const { explore: x, errors } = words;
  if (failed === "") return x.note_away;
  const why = key ? say(words, { key, values }) : code === "BAD_PARAMETER" ? failed : errors[`code_${code}`] ?? failed;
  return fill(x.note_refused, { why });
}

/**
 * `{ done, note }`; `{ conflict }`, the stored annotation, if somebody else has changed it; `{ gone }` if it does not exist any more; or
 * `{ failed, code, key, values }`, where `failed` is a sentence, empty if the server does not answer.
 * @returns {Promise<{ done?: boolean, note?: any, conflict?: any, gone?: boolean, failed?: string, code?: string, key?: string, values?: any }>}
 */
export async function send(method, id, body) {
  try {
    const [url, payload] = method === "DELETE" ? [at(`${pathOf(id)}?version=${body.version}`), undefined] : [at(id ? pathOf(id) : BASE), JSON.stringify(body)];
    const answer = await fetch(url, { method, body: payload, ...(payload ? { headers: { "Content-Type": "application/json" } } : {}) });
    if (answer.status === 204) return { done: true };
    const { error, ...note } = await answer.json().catch(() => ({ error: {} }));
    if (answer.ok) return { done: true, note: noteOfRow(note) };
    if (answer.status === 401) goToLogin();
    if (error?.annotation) return { conflict: noteOfRow(error.annotation) };
    // The server answers 404 for an unknown tag, too. So ask whether the annotation itself exists.
    if (answer.status === 404 && id && (await fetch(at(pathOf(id)), { cache: "no-store" })).status === 404) return { gone: true };
    return { failed: error?.message ?? `HTTP ${answer.status}`, code: error?.code, key: error?.key, values: error?.values };
  } catch {
    return { failed: "" };
  }
}
