// Puts values into the texts of the catalogue: `fill("{n} tags", { n: 9 })`.
export function fill(template, values) {
  return template.replace(/\{(\w+)\}/g, (placeholder, key) => values[key] ?? placeholder);
}

// A text with a count `n`. The forms for one and for other numbers are separated by `|`.
export function counted(template, n, values = {}) {
  const forms = template.split("|");
  return fill(String(n) === "1" ? forms[0] : forms.at(-1), { ...values, n: String(n) });
}

// A message of the server in the language of `words`. A message is the key of a text and its values, a list of messages,
// or a plain text. `say` in ksys_app/texts does the same on the server.
export function say(words, message) {
  if (Array.isArray(message)) return message.map((part) => say(words, part)).join(", ");
  if (message === null || typeof message !== "object") return String(message ?? "");
  if (!message.key) return "";
  const values = Object.fromEntries(Object.entries(message.values).map(([key, value]) => [key, say(words, value)]));
  return counted(template(words, message.key), values.n, values);
}

// The same with a capital letter at its beginning, unless it begins with a value, such as the name of a database.
export function capital(words, message) {
  const text = say(words, message);
  const startsWithValue = message?.key && template(words, message.key).startsWith("{");
  return startsWithValue ? text : text.charAt(0).toUpperCase() + text.slice(1);
}

// The text of a key. A page of an older version may lack a text of the server; then the key itself is shown.
function template(words, key) {
  const [section, name] = key.split(".");
  return words[section]?.[name] ?? key;
}
