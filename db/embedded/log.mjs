// Who read the log may be gone; the database still has to be closed.
process.stderr.on("error", () => {});

/**
 * One JSON object a line on standard error: `ts`, `level`, `event`, then the event's own fields.
 *
 * @param {"info" | "warning" | "error"} level
 * @param {string} event
 * @param {Record<string, unknown>} [fields]
 */
export function log(level, event, fields = {}) {
  const line = { ts: new Date().toISOString(), level, event, ...fields };
  process.stderr.write(`${JSON.stringify(line)}\n`);
}
