// Which names the list of a picker shows, and which of them is highlighted.
export const SHOWN = 50;

// The names that contain every typed word, in the name or its title, in any order and any case.
export function matches(names, typed, titles = {}) {
  const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
  return names.filter((name) => {
    const text = `${name} ${titles[name] ?? ""}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

// At most SHOWN names: the first ones; if nothing is typed, those around the current one.
export function visibleNames(names, current, typed) {
  const index = typed === "" ? names.indexOf(current) : -1;
  const start = index < SHOWN ? 0 : Math.min(index - SHOWN / 2, names.length - SHOWN);
  return names.slice(start, start + SHOWN);
}

// The index of the item that Enter chooses: the first match of the typed text; if nothing is typed, the current name, which
// changes nothing.
export const highlighted = (items, current, typed) => (typed === "" ? items.indexOf(current) : 0);
