// Decodes the columns of an answer with `encoding=delta` (PRD §33.2) to the numbers that the answer has without it.

// The numbers of one column; null is a missing number. The server sends a column as a plain list if deltas would lose a digit.
export function numbersOf(column) {
  if (!column || Array.isArray(column)) return column;
  const factor = 10 ** column.decimals;
  let total = 0;
  return column.deltas.map((delta) => {
    if (delta === null) return null;
    total += delta;
    return total / factor;
  });
}

const columnsOf = (columns) => Object.fromEntries(Object.entries(columns).map(([name, column]) => [name, numbersOf(column)]));

const seriesOf = (series) => ({
  ...series,
  ...(series.columns && { columns: columnsOf(series.columns) }),
  ...(series.compare && { compare: seriesOf(series.compare) }),
});

// The answer for one or several tags with decoded columns. An answer without `encoding` stays as it is.
export function decoded(answer) {
  const body = seriesOf(answer);
  if (answer.times) body.times = numbersOf(answer.times);
  if (answer.other_times) body.other_times = numbersOf(answer.other_times);
  if (answer.series) body.series = answer.series.map(seriesOf);
  return body;
}
