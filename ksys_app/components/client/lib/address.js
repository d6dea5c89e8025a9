// How the address follows what is selected.
const bare = (path) => path.replace(/\/+$/, "");

// What to do with the address `now` for the link `next`: "push" where one of the keys `steps` has another value, so
// that Back returns to it; "replace" for the rest, and for what completes an address; "" for nothing. A complete address
// has one key of each list of `whole`.
export function change(now, next, steps, whole) {
  // A page that was left meanwhile keeps its own address; a person may end a path with a slash.
  if (bare(now.pathname) !== bare(next.pathname) || now.pathname + now.search === next.pathname + next.search) return "";
  const [was, is] = [now, next].map(({ search }) => new URLSearchParams(search));
  const complete = whole.every((keys) => keys.some((key) => was.has(key)));
  return complete && steps.some((key) => was.get(key) !== is.get(key)) ? "push" : "replace";
}

// Whether two queries ask for the same, however they are written.
export const same = (one, other) => new URLSearchParams(one).toString() === new URLSearchParams(other).toString();
