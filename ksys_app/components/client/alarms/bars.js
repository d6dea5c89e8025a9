const MAX_BARS = 240;

// Reduces the counts of slots to at most `maxBars` bars; each bar is the largest count of its slots.
export function bars(slots, maxBars = MAX_BARS) {
  const size = Math.max(1, Math.ceil(slots.length / maxBars));
  return Array.from({ length: Math.ceil(slots.length / size) }, (_, at) => Math.max(...slots.slice(at * size, (at + 1) * size)));
}
