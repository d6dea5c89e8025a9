// Keeps the address of the browser equal to the link of what a page shows.
const withoutSlash = (path) => path.replace(/\/+$/, "");

// How the history of the browser must change so that the address is `next`: "push" if a key of `stepKeys` has another
// value, so that Back returns to the old address; "replace" for every other change, and while the current address is
// incomplete; "" if there is nothing to change. A complete address has one key of each list in `requiredKeys`.
export function historyAction(current, next, stepKeys, requiredKeys) {
  // If the reader has gone to another page meanwhile, that page keeps its address. A person may end a path with a slash.
  if (withoutSlash(current.pathname) !== withoutSlash(next.pathname) || current.pathname + current.search === next.pathname + next.search) return "";
  const [before, after] = [current, next].map(({ search }) => new URLSearchParams(search));
  const complete = requiredKeys.every((keys) => keys.some((key) => before.has(key)));
  return complete && stepKeys.some((key) => before.get(key) !== after.get(key)) ? "push" : "replace";
}

// Parameters of a page that fills a wall screen. They are no part of the selection.
export const WALL_PARAMS = ["kiosk", "wall", "every", "at"];

// The link with the wall parameters of the current address.
export function withWallParams(link, search) {
  const query = new URLSearchParams(search);
  for (const name of WALL_PARAMS) if (query.has(name)) link.searchParams.set(name, query.get(name));
  return link;
}

// Whether two query strings have the same parameters and values, whatever their encoding.
export const sameQuery = (first, second) => new URLSearchParams(first).toString() === new URLSearchParams(second).toString();
