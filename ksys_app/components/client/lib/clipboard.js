// Text for the clipboard of the machine.

// Plants serve the page without TLS, where browsers offer no clipboard object.
export async function toClipboard(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const area = Object.assign(document.createElement("textarea"), { value: text });
  const before = /** @type {HTMLElement} */ (document.activeElement);
  area.style.cssText = "position:fixed;opacity:0";
  // What opened over the page closes as the focus leaves it.
  (before?.closest("[role=dialog]") ?? document.body).append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
  before?.focus();
  return undefined;
}
