// Names under which something is saved at an address of its own. The server has the same rules in domain/names.py and domain/saved_views.py.
const HIDDEN = /[\p{C}\p{Zl}\p{Zp}]|(?! )\p{Zs}/u;

// What is wrong with a name: `step`, which a browser takes for a step in the path, even encoded, so that the request would go elsewhere; `hidden`, a
// character that cannot be seen; empty for a good name.
export function nameFlaw(name) {
  if (name === "." || name === "..") return "step";
  return HIDDEN.test(name) ? "hidden" : "";
}
