const MOST = 240;

// Counts of slots as at most so many bars: each is the largest of the slots that it stands for.
export function bars(slots, most = MOST) {
  const each = Math.max(1, Math.ceil(slots.length / most));
  return Array.from({ length: Math.ceil(slots.length / each) }, (_, at) => Math.max(...slots.slice(at * each, (at + 1) * each)));
}
