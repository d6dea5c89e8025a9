// A request whose error keeps what the answer says beside its sentence.
import { at } from "../lib/paths.js";

export class Refused extends Error {
  constructor(status, { message, code = "", fields = [], conflicts = [] }) {
    super(message);
    Object.assign(this, { status, code, fields, conflicts });
  }
}

export async function ask(path, { method = "GET", body = undefined, signal = undefined } = {}) {
  const answer = await fetch(at(path), {
    method, signal, cache: "no-store",
    ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { "Content-Type": "application/json" } }),
  });
  if (answer.ok) return answer;
  const said = await answer.json().catch(() => ({}));
  throw new Refused(answer.status, said.error ?? { message: `HTTP ${answer.status}` });
}

export const json = async (path, options) => (await ask(path, options)).json();
