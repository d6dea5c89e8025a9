// The times in which a tag was in alarm, as bands below the time axis of the chart, where they cover no line.

const BAND_PX = 5;

// The alarms of an answer of /api/v1/events, `from` and `to` in epoch ms; `to` is null while the alarm is active. If there are
// very many, the server merges some, and `count` is their number.
export const alarmSpansOf = ({ events }) =>
  events.map(({ from, to, ongoing, level, priority, count, text }) => {
    const start = Date.parse(from);
    return { condition: text.values.condition ?? "", level, priority, count, from: start, to: ongoing ? null : to === null ? start : Date.parse(to) };
  });

// The series of ECharts that draws the alarms. Where two overlap, the more urgent one is on top.
export function alarmBands({ alarms, colours, from, to }) {
  const sorted = [...alarms].sort((a, b) => b.priority - a.priority);
  return {
    id: "alarms", type: "custom", silent: true, clip: false, z: 2, tooltip: { show: false }, encode: { x: [0, 1] }, dimensions: ["from", "to"],
    data: sorted.map((span) => [Math.max(span.from, from), Math.min(span.to ?? to, to)]),
    renderItem: ({ dataIndex, coordSys }, api) => {
      const [left] = api.coord([api.value(0), 0]);
      const [right] = api.coord([api.value(1), 0]);
      const start = Math.max(left, coordSys.x);
      const end = Math.min(right, coordSys.x + coordSys.width);
      if (end < start) return null;
      const shape = { x: start, y: coordSys.y + coordSys.height + 1, width: Math.max(2, end - start), height: BAND_PX };
      return { type: "rect", shape, style: { fill: sorted[dataIndex].priority === 1 ? colours.crit : colours.warn } };
    },
  };
}
