// Requests whose errors carry the fields of the server's error.
import { at as withBase } from "../lib/paths.js";

export class Refused extends Error {
  // An error in an expression has `at` and `length`, the place of the wrong part, and `key` and `values`, its message.
  constructor(status, { message, code = "", fields = [], conflicts = [], at = undefined, length = 0, key = "", values = {} }) {
    super(message);
    Object.assign(this, { status, code, fields, conflicts, at, length, key, values });
  }
}

// The response of a path of the app. `body` is sent as JSON. Throws `Refused` for an error of the server.
export async function ask(path, { method = "GET", body = undefined, signal = undefined } = {}) {
  const url = withBase(path);
  const answer = await fetch(url, {
    method, signal, cache: "no-store",
    ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { "Content-Type": "application/json" } }),
  });
  if (answer.ok) return answer;
  const errorBody = await answer.json().catch(() => ({}));
  throw new Refused(answer.status, errorBody.error ?? { message: `HTTP ${answer.status}` });
}

// The same, parsed as JSON.
export const json = async (path, options) => (await ask(path, options)).json();
