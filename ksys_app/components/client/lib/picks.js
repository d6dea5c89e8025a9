// Which names a picker lists, and which of them is highlighted before anything is typed.
export const SHOWN = 50;

// Each word of what is typed is in the name or its title, in any order, whatever the case.
export function matches(names, typed, titles = {}) {
  const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
  return names.filter((name) => {
    const text = `${name} ${titles[name] ?? ""}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

// The names to list, at most SHOWN: the first ones, or before anything is typed those around the current one.
export function listed(names, current, typed) {
  const at = typed === "" ? names.indexOf(current) : -1;
  const start = at < SHOWN ? 0 : Math.min(at - SHOWN / 2, names.length - SHOWN);
  return names.slice(start, start + SHOWN);
}

// What Enter takes: of what is typed the first match, before that the current name, which changes nothing.
export const highlighted = (items, current, typed) => (typed === "" ? items.indexOf(current) : 0);
