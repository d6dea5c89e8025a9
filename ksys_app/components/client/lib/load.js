// Fetches JSON from the server.
import { current, wordsOf } from "./language.js";
import { at } from "./paths.js";

// The error of an answer without data. `error` is the server's, if it sent one. `said` is the reason as a message, a text key and its values: the
// server's own, or that of its code.
export class Refused extends Error {
  constructor(error, status) {
    const { code, key, values = {}, message } = error ?? {};
    super(code ?? `HTTP ${status}`);
    // A page may not have loaded the texts about the form of parameters.
    if (key?.startsWith("forms.") && !wordsOf(current()).forms) this.said = { key: "errors.plain", values: { text: message } };
    else if (key) this.said = { key, values };
    else this.said = code ? { key: `errors.code_${code}`, values: {} } : { key: "errors.http", values: { status } };
  }
}

// The parsed JSON of a path of the app, and its ETag. Throws `Refused` for an answer with an error, and the error of
// `fetch` or of the parser if the answer does not arrive or is cut short.
export async function load(url, signal) {
  // The browser revalidates its cached answer; an unchanged one comes from the cache.
  const answer = await fetch(at(url), { signal, cache: "no-cache" });
  if (!answer.ok) throw new Refused((await answer.json().catch(() => ({}))).error, answer.status);
  return { etag: answer.headers.get("etag") ?? "", data: await answer.json() };
}
