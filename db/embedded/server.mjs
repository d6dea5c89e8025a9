/**
 * TimescaleDB for evaluation, development and tests: a PostgreSQL server on the loopback address,
 * over PostgreSQL and TimescaleDB compiled to WebAssembly. Not for production.
 *
 *   node server.mjs --data-dir DIR [--port 0]
 *
 * Prints one JSON line when connections are served: {"event":"ready","port":...,"pid":...}. Logs
 * JSON lines on standard error. Ends cleanly on SIGTERM and SIGINT.
 */
import { parseArgs } from "node:util";

import { Bridge, HOST, LIMITS } from "./bridge.mjs";
import { Engine } from "./engine.mjs";
import { FolderInUse, lockFolder } from "./folder.mjs";
import { log } from "./log.mjs";

const EXIT = { usage: 2, crash: 70, memory: 71, folder: 73 };
const MEMORY_EVERY_MS = 2_000;
const PARENT_EVERY_MS = 1_000;

const OPTIONS = {
  "data-dir": { type: "string" },
  host: { type: "string", default: HOST },
  port: { type: "string", default: "0" },
  "memory-limit-mb": { type: "string", default: "1200" },
  "wait-ms": { type: "string", default: String(LIMITS.waitMs) },
  "idle-in-transaction-ms": { type: "string", default: String(LIMITS.idleMs) },
  "checkpoint-ms": { type: "string", default: "120000" },
  // End with the process that started this one: it holds the other end of standard input.
  "with-parent": { type: "boolean", default: false },
};

function quit(code, event, message) {
  log("error", event, { message });
  process.exit(code);
}

function readArguments() {
  let values;
  try {
    ({ values } = parseArgs({ options: OPTIONS }));
  } catch (error) {
    quit(EXIT.usage, "usage", error.message);
  }
  if (!values["data-dir"]) quit(EXIT.usage, "usage", "--data-dir is missing");
  if (values.host !== HOST) {
    quit(EXIT.usage, "usage", `--host ${values.host}: the embedded database serves ${HOST} only`);
  }
  const number = (name, most) => {
    const value = Number(values[name]);
    if (!Number.isInteger(value) || value < 0 || value > most) {
      quit(EXIT.usage, "usage", `--${name} ${values[name]}: not a whole number from 0 to ${most}`);
    }
    return value;
  };
  return {
    folder: values["data-dir"],
    port: number("port", 65_535),
    memoryMiB: number("memory-limit-mb", 1_000_000),
    waitMs: number("wait-ms", 86_400_000),
    idleMs: number("idle-in-transaction-ms", 86_400_000),
    checkpointMs: number("checkpoint-ms", 86_400_000),
    withParent: values["with-parent"],
  };
}

function lock(folder) {
  try {
    return lockFolder(folder);
  } catch (error) {
    if (error instanceof FolderInUse) quit(EXIT.folder, "folder_in_use", error.message);
    return quit(EXIT.folder, "folder", `${folder} cannot be used: ${error.message}`);
  }
}

async function main() {
  const started = performance.now();
  const options = readArguments();
  process.on("exit", lock(options.folder));

  const bridge = new Bridge(new Engine(options.folder), options, (error) => {
    quit(EXIT.crash, "engine_crashed", error.stack);
  });
  const port = await bridge.listen(options.port).catch((error) => {
    quit(EXIT.usage, "listen", `${HOST}:${options.port} cannot be listened on: ${error.message}`);
  });
  await bridge.open();

  let stopping = false;
  const stop = async (reason, code = 0) => {
    if (stopping) return;
    stopping = true;
    log("info", "stopping", { reason });
    await bridge.stop();
    log("info", "stopped");
    process.exit(code);
  };
  process.on("SIGTERM", () => stop("SIGTERM"));
  process.on("SIGINT", () => stop("SIGINT"));
  if (options.withParent) {
    const parent = process.ppid;
    process.stdin.on("end", () => stop("standard input closed")).resume();
    // A child of the parent may have inherited the pipe and keep it open.
    setInterval(() => process.ppid === parent || stop("parent gone"), PARENT_EVERY_MS);
  }

  repeat(options.checkpointMs, () => bridge.checkpoint());
  repeat(MEMORY_EVERY_MS, async () => {
    if (!(await bridge.keepWithin(options.memoryMiB))) await stop("memory", EXIT.memory);
  });
  log("info", "ready", { port, ms: Math.round(performance.now() - started) });
  process.stdout.write(`${JSON.stringify({ event: "ready", port, pid: process.pid })}\n`);
}

/** Run a task again and again, with a pause in between. */
function repeat(pauseMs, task) {
  setTimeout(async () => {
    await task();
    repeat(pauseMs, task);
  }, pauseMs);
}

await main();
