import { once } from "node:events";
import { setImmediate as nextRound } from "node:timers/promises";

import { EngineCrashed, StatementFailed } from "./engine.mjs";
import { Exchange } from "./exchange.mjs";
import { log } from "./log.mjs";
import { Fatal, STOPPING, login } from "./login.mjs";
import {
  CANCEL_REQUEST,
  GSS_REQUEST,
  ProtocolError,
  SSL_REQUEST,
  cstring,
  errorResponse,
  int16,
  message,
  parameterStatus,
  readyForQuery,
  syncMessage,
} from "./protocol.mjs";
import { MessageReader } from "./reader.mjs";
import { Statements } from "./statements.mjs";

const TYPES = "QPBDECSF";
// Flush is a matter of course here, and copy data belongs to a COPY that was refused.
const WITHOUT_EFFECT = "Hdcf";
const READY_LENGTH = 6;
const IDLE_CHECK_MS = 500;
const TOO_IDLE = "terminating connection due to idle-in-transaction timeout";
const brokenParse = message("P", cstring(""), cstring("abandoned by its client"), int16(0));

/**
 * One client. It takes the turn with the first message of a batch and gives it back when the engine
 * is idle again, so a transaction is alone with the engine from its beginning to its end.
 */
export class Connection {
  #bridge;
  #socket;
  #statements;
  #session = null;
  #exchange = null;
  #holding = false;
  #skipping = false;
  #stopped = new AbortController();
  #failure = null;
  #idle;

  /** @param {import("./bridge.mjs").Bridge} bridge @param {import("node:net").Socket} socket */
  constructor(bridge, socket, id) {
    this.id = id;
    this.#bridge = bridge;
    this.#socket = socket;
    this.#statements = new Statements(bridge.engine, id);
    this.reader = new MessageReader(socket);
    socket.setNoDelay(true);
    socket.on("error", () => socket.destroy());
    socket.on("close", () => this.#stopped.abort());
  }

  /** Serve the client to its end. */
  async run() {
    try {
      const startup = await this.#startup();
      if (startup) this.#session = await login(this, startup);
      if (this.#session) await this.#serve();
      if (this.#failure) throw this.#failure;
    } catch (error) {
      if (error instanceof EngineCrashed) throw error;
      this.#refuse(error);
    } finally {
      clearTimeout(this.#idle);
      await this.#leave();
      this.#socket.destroySoon();
    }
  }

  /** End the connection with an error. @param {Fatal} failure */
  stop(failure) {
    this.#failure ??= failure;
    this.reader.stop();
    this.#stopped.abort();
  }

  /** @param {...Buffer} messages */
  write(...messages) {
    this.#socket.write(Buffer.concat(messages));
  }

  /** Use the engine for the bridge's own purposes, outside the client's transactions. */
  async withTurn(use) {
    await this.#takeTurn(() => {
      throw new Fatal("57P03", this.#bridge.busyMessage);
    });
    try {
      return use(this.#bridge.engine);
    } finally {
      this.#giveTurn();
    }
  }

  async #startup() {
    for (;;) {
      const body = await this.reader.startup();
      if (body === null) return null;
      const code = body.readInt32BE(0);
      if (code === SSL_REQUEST || code === GSS_REQUEST) this.write(Buffer.from("N"));
      // A statement cannot be interrupted: the engine does not look up until it is done.
      else if (code === CANCEL_REQUEST) return null;
      else if (this.#bridge.isFull) throw new Fatal("53300", "sorry, too many clients already");
      else return body;
    }
  }

  async #serve() {
    this.#exchange = new Exchange(this.#bridge.engine, this.#session, this.#statements);
    for (;;) {
      this.#watchIdle();
      await this.#drained();
      const request = await this.reader.next();
      clearTimeout(this.#idle);
      if (this.#failure || request === null) return;
      const type = String.fromCharCode(request[0]);
      if (type === "X") return;
      if (WITHOUT_EFFECT.includes(type)) continue;
      if (!TYPES.includes(type)) throw new ProtocolError(`invalid frontend message type ${type}`);
      await this.#handle(type, request);
    }
  }

  async #handle(type, request) {
    if (!this.#holding) {
      if (type === "S") {
        this.#skipping = false;
        return this.write(readyForQuery("I"));
      }
      if (this.#skipping) return;
      await this.#takeTurn(() => this.#answerBusy(type));
      if (!this.#holding) return;
      this.#session.enter(this.#bridge.engine);
    }
    const answer = Buffer.concat(this.#exchange.pass(request));
    if (this.#exchange.status !== "I") return this.write(answer);
    const changed = this.#settle();
    this.#giveTurn();
    // A change of settings is told before the server says that it is ready.
    const end = answer.length - READY_LENGTH;
    this.write(answer.subarray(0, end), ...changed, answer.subarray(end));
    // Requests queued by one client must not keep the others' bytes from being read.
    if (this.reader.hasMore) await nextRound();
  }

  /** After a transaction: what the session has become. */
  #settle() {
    const { engine } = this.#bridge;
    if (!this.#exchange.settingsTouched) return [];
    if (this.#exchange.discarded) this.#session.discard(engine);
    this.#exchange.settingsTouched = this.#exchange.discarded = false;
    return this.#session.capture(engine).map(([name, value]) => parameterStatus(name, value));
  }

  async #takeTurn(onBusy) {
    const taken = await this.#bridge.turns.take(this.#bridge.limits.waitMs);
    if (taken && this.#failure) this.#bridge.turns.give();
    if (this.#failure) throw this.#failure;
    this.#holding = taken;
    if (!taken) onBusy();
  }

  #giveTurn() {
    this.#holding = false;
    this.#bridge.turns.give();
  }

  #answerBusy(type) {
    const error = errorResponse({ code: "55P03", message: this.#bridge.busyMessage });
    if (type === "Q" || type === "F") return this.write(error, readyForQuery("I"));
    this.#skipping = true;
    return this.write(error);
  }

  /** While the client does nothing and holds the engine: end that, once it is in somebody's way. */
  #watchIdle(since = Date.now()) {
    if (!this.#holding) return;
    const { limits, turns } = this.#bridge;
    const own = this.#session.idleInTransactionMs || Infinity;
    const check = () => {
      const idle = Date.now() - since;
      const inTheWay = idle >= limits.idleMs && turns.isWantedByClient;
      if (idle >= own || inTheWay) this.stop(new Fatal("25P03", TOO_IDLE));
      else this.#idle = setTimeout(check, IDLE_CHECK_MS);
    };
    this.#idle = setTimeout(check, Math.min(own, limits.idleMs));
  }

  async #drained() {
    if (!this.#socket.writableNeedDrain) return;
    await once(this.#socket, "drain", { signal: this.#stopped.signal }).catch(() => {});
  }

  #refuse(error) {
    const known = [Fatal, ProtocolError, StatementFailed].some((kind) => error instanceof kind);
    const { code = "XX000", message: text, hint } = error;
    const level = code === STOPPING ? "info" : known ? "warning" : "error";
    log(level, "connection_ended", {
      connection: this.id,
      code,
      message: text,
      ...(!known && { stack: error.stack }),
    });
    this.write(errorResponse({ severity: "FATAL", code, message: text, hint }));
  }

  /** Undo what the client left unfinished, and forget its statements. */
  async #leave() {
    const { engine, turns } = this.#bridge;
    if (engine.crashed) return;
    if (!this.#holding && this.#statements.isEmpty) return;
    if (!this.#holding) await turns.take();
    if (this.#exchange.status !== "I") {
      // Sync alone would commit a batch that lacks its end; an error makes it a rollback.
      engine.send(brokenParse);
      engine.send(syncMessage);
      engine.query("ROLLBACK");
      engine.sessionKey = null;
    }
    for (const request of [...this.#statements.closeAll(), syncMessage]) engine.send(request);
    this.#giveTurn();
  }
}
