// The link to the trend of a tag around a time. /trend shows a window that ends now, zoomed to that time.

const AROUND_MS = 15 * 60_000;
/** @type {[string, number][]} */
const WINDOWS = [["60m", 60], ["12h", 720], ["24h", 1440], ["48h", 2880], ["7d", 10_080], ["14d", 20_160], ["30d", 43_200], ["3m", 129_600],
  ["6m", 259_200], ["12m", 525_600]];

// The shortest window that contains the 15 minutes before a time; null if none does.
export function windowOf(momentMs, nowMs) {
  return WINDOWS.find(([, minutes]) => nowMs - minutes * 60_000 <= momentMs - AROUND_MS)?.[0] ?? null;
}

// The 15 minutes before and after a time, up to now.
export function around(momentMs, nowMs) {
  return [momentMs - AROUND_MS, Math.min(momentMs + AROUND_MS, nowMs)];
}

export function trendLink(tag, momentMs, nowMs) {
  const query = new URLSearchParams({ tag });
  const span = windowOf(momentMs, nowMs);
  if (!span) return `/trend?${query}`;
  query.set("window", span);
  return `/trend?${query}&zoom=${around(momentMs, nowMs).join("-")}`;
}
