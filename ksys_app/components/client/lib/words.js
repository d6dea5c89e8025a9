// Texts of the catalogue with what is filled in.
export function fill(template, values) {
  return template.replace(/\{(\w+)\}/g, (whole, key) => values[key] ?? whole);
}

// A text with a count `n` in it: its form for one, or the one for any other number.
export function counted(template, n, values = {}) {
  const forms = template.split("|");
  return fill(String(n) === "1" ? forms[0] : forms.at(-1), { ...values, n: String(n) });
}
