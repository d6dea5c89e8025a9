// Texts of the catalogue with what is filled in.
export function fill(template, values) {
  return template.replace(/\{(\w+)\}/g, (whole, key) => values[key] ?? whole);
}

// A text with a count `n` in it: its form for one, or the one for any other number.
export function counted(template, n, values = {}) {
  const forms = template.split("|");
  return fill(String(n) === "1" ? forms[0] : forms.at(-1), { ...values, n: String(n) });
}

// A message of the server, the key of a text and what is filled in, in the language of `words`. The
// server's twin is `say` in ksys_app/texts.
export function say(words, message) {
  if (Array.isArray(message)) return message.map((one) => say(words, one)).join(", ");
  if (message === null || typeof message !== "object") return String(message ?? "");
  if (!message.key) return "";
  const values = Object.fromEntries(Object.entries(message.values).map(([key, value]) => [key, say(words, value)]));
  return counted(template(words, message.key), values.n, values);
}

// As a sentence begins: with a capital, unless it begins with what was filled in, a database's name for example.
export function capital(words, message) {
  const text = say(words, message);
  const named = message?.key && template(words, message.key).startsWith("{");
  return named ? text : text.charAt(0).toUpperCase() + text.slice(1);
}

function template(words, key) {
  const [section, name] = key.split(".");
  return words[section][name];
}
