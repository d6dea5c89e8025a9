import net from "node:net";

import { Connection } from "./connection.mjs";
import { log } from "./log.mjs";
import { Fatal, STOPPING } from "./login.mjs";
import { residentMiB, shrink } from "./memory.mjs";
import { systemSession } from "./session.mjs";
import { Turns } from "./turns.mjs";

/** The only address served: the database trusts whoever can reach it. */
export const HOST = "127.0.0.1";
/** How long a connection waits for another's transaction, and how long a transaction may be idle while others wait. */
export const LIMITS = { waitMs: 15_000, idleMs: 10_000 };
const MAX_CONNECTIONS = 100;
const RELEASE_ROUNDS = 10;

/** Many connections in front of one engine. */
export class Bridge {
  turns = new Turns();

  #server;
  #connections = new Map();
  #count = 0;
  #checkpointAt = null;
  #onCrash;

  /**
   * @param {import("./engine.mjs").Engine} engine not open yet
   * @param {{waitMs: number, idleMs: number}} limits `waitMs`: how long a connection waits for
   *     another's transaction; `idleMs`: how long a transaction may do nothing while others wait
   * @param {(error: Error) => void} onCrash
   */
  constructor(engine, limits, onCrash) {
    this.engine = engine;
    this.limits = limits;
    this.#onCrash = onCrash;
    this.#server = net.createServer((socket) => this.#accept(socket));
  }

  get busyMessage() {
    const seconds = this.limits.waitMs / 1000;
    const reason = `another connection's transaction has been open for ${seconds} s`;
    return `the embedded database is busy: ${reason}; try again`;
  }

  /** Whether there are more connections than are served. */
  get isFull() {
    return this.#connections.size > MAX_CONNECTIONS;
  }

  /** @param {number} port 0 for a free one @returns {Promise<number>} the port */
  listen(port) {
    return new Promise((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(port, HOST, () => resolve(this.#server.address().port));
    });
  }

  /** Open the engine; who connected before waits. */
  async open() {
    await this.#alone(() => this.engine.open());
  }

  /** Write a checkpoint if something was written since the last, so that recovery stays short. */
  async checkpoint() {
    await this.#alone(async () => {
      systemSession().enter(this.engine);
      const [[position]] = this.engine.query("SELECT pg_current_wal_insert_lsn()");
      if (position === this.#checkpointAt) return;
      this.engine.query("CHECKPOINT");
      [[this.#checkpointAt]] = this.engine.query("SELECT pg_current_wal_insert_lsn()");
    });
  }

  /**
   * Reopen the engine, which gives its memory back, when the process has grown past a limit. The
   * connections stay: settings and prepared statements come back with their next use.
   *
   * @param {number} limitMiB
   * @returns {Promise<boolean>} whether memory is within the limit
   */
  async keepWithin(limitMiB) {
    if (await shrink(limitMiB, 1)) return true;
    return this.#alone(async () => {
      const before = residentMiB();
      const started = performance.now();
      await this.engine.close();
      await shrink(limitMiB / 2, RELEASE_ROUNDS);
      await this.engine.open();
      const within = await shrink(limitMiB, RELEASE_ROUNDS);
      const ms = Math.round(performance.now() - started);
      log("info", "engine_reopened", { before_mib: before, after_mib: residentMiB(), ms });
      return within;
    });
  }

  /** End every connection and close the engine; the data stays. */
  async stop() {
    this.#server.close();
    const failure = new Fatal(STOPPING, "terminating connection due to administrator command");
    for (const connection of this.#connections.keys()) connection.stop(failure);
    await Promise.all(this.#connections.values());
    await this.turns.take();
    await this.engine.close();
  }

  async #alone(use) {
    await this.turns.take();
    try {
      return await use();
    } catch (error) {
      this.#onCrash(error);
      throw error;
    } finally {
      this.turns.give();
    }
  }

  #accept(socket) {
    const connection = new Connection(this, socket, ++this.#count);
    const ended = connection
      .run()
      .catch((error) => this.#onCrash(error))
      .finally(() => this.#connections.delete(connection));
    this.#connections.set(connection, ended);
  }
}
