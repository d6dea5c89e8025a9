// When a tag was in alarm: bands below the axis of the chart, where no line is.

const BAND_PX = 5;

// Spans of a window from the journal, the newest row first, and from the alarms that stand now. One without an end has `to` null.
export function spansOf(rows, standing, [from, to]) {
  const found = new Map();
  const add = ({ condition, raised_at: raised, level, priority }) => {
    const key = `${condition} ${raised}`;
    const known = found.get(key) ?? { condition, level, priority, from: Date.parse(raised), to: null };
    if (priority && priority <= known.priority) Object.assign(known, { level, priority });
    found.set(key, known);
    return known;
  };
  for (const row of [...rows].reverse()) {
    const span = add(row);
    if (row.event === "CLEAR") span.to = Date.parse(row.ts);
  }
  for (const row of standing) if (row.raised_at && !row.cleared_at) add(row);
  return [...found.values()].filter((one) => one.priority < 4 && one.from < to && (one.to ?? to) > from)
    .sort((one, other) => one.from - other.from);
}

// Of two at once the more urgent one is seen; both are named below the chart.
export function alarmBands({ alarms, colours, from, to }) {
  const drawn = [...alarms].sort((one, other) => other.priority - one.priority);
  return {
    id: "alarms", type: "custom", silent: true, clip: false, z: 2, tooltip: { show: false }, encode: { x: [0, 1] }, dimensions: ["from", "to"],
    data: drawn.map((one) => [Math.max(one.from, from), Math.min(one.to ?? to, to)]),
    renderItem: ({ dataIndex, coordSys }, api) => {
      const [left] = api.coord([api.value(0), 0]);
      const [right] = api.coord([api.value(1), 0]);
      const start = Math.max(left, coordSys.x);
      const end = Math.min(right, coordSys.x + coordSys.width);
      if (end < start) return null;
      const shape = { x: start, y: coordSys.y + coordSys.height + 1, width: Math.max(2, end - start), height: BAND_PX };
      return { type: "rect", shape, style: { fill: drawn[dataIndex].priority === 1 ? colours.crit : colours.warn } };
    },
  };
}
