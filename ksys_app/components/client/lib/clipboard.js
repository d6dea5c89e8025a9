// Copies text to the clipboard.

// Many plants serve the page without TLS. There browsers have no `navigator.clipboard`, and only a text field can be copied.
export async function toClipboard(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const area = Object.assign(document.createElement("textarea"), { value: text });
  const focused = /** @type {HTMLElement} */ (document.activeElement);
  area.style.cssText = "position:fixed;opacity:0";
  // The text field is put inside an open dialog: a dialog closes when it loses the focus.
  (focused?.closest("[role=dialog]") ?? document.body).append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
  focused?.focus();
  return undefined;
}
