/**
 * Serves the data folders of many test databases from one process. They share the compiled engine, so a database starts in half
 * of the time, and its statements run compiled from the beginning.
 *
 * Each line of standard input is a request, `{"act":"open","folder":"...","port":20000}` or `{"act":"close","port":20000}`. Each
 * line of standard output answers one: `{"error":null}`, or the text of an error. The process ends with its standard input.
 */
import { createInterface } from "node:readline";

import { Bridge, LIMITS } from "../db/embedded/bridge.mjs";
import { Engine } from "../db/embedded/engine.mjs";
import { shrink } from "../db/embedded/memory.mjs";

const CLOSED_MIB = 600;
const CRASH = 70;
const bridges = new Map();

async function open({ folder, port }) {
  const bridge = new Bridge(new Engine(folder), LIMITS, (error) => {
    process.stderr.write(`${error.stack}\n`);
    process.exit(CRASH);
  });
  await bridge.listen(port);
  await bridge.open();
  bridges.set(port, bridge);
}

async function close({ port }) {
  await bridges.get(port).stop();
  bridges.delete(port);
  // The memory of a closed engine goes with the next collection.
  await shrink(CLOSED_MIB, 1);
}

for await (const line of createInterface({ input: process.stdin })) {
  const { act, ...request } = JSON.parse(line);
  const done = act === "open" ? open(request) : close(request);
  const error = await done.then(() => null, (failure) => failure.stack);
  process.stdout.write(`${JSON.stringify({ error })}\n`);
}
process.exit(0);
