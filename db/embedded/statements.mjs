import { cstring, message } from "./protocol.mjs";
import { callsSetConfig } from "./sql.mjs";

/**
 * The prepared statements of one connection. In the engine all connections' live in one session, so
 * each has a name of its own there; one that the engine lost (it was reopened, somebody ran
 * DEALLOCATE ALL, or another connection used the unnamed statement) is parsed again when needed.
 */
export class Statements {
  #engine;
  #prefix;
  #count = 0;
  /** By the client's name; the empty name is the unnamed statement. */
  #known = new Map();

  /** @param {import("./engine.mjs").Engine} engine @param {number} connectionId */
  constructor(engine, connectionId) {
    this.#engine = engine;
    this.#prefix = `c${connectionId}`;
  }

  /**
   * A statement to be parsed. It counts once the engine has answered: see {@link parsed}.
   *
   * @param {string} name the client's
   * @param {string} sql
   * @param {Buffer} text the statement as it goes to the engine, with its closing zero
   * @param {Buffer} types the rest of the Parse message: the types of the parameters
   */
  draft(name, sql, text, types) {
    const inEngine =
      name && (this.#known.get(name)?.inEngine ?? `${this.#prefix}_${++this.#count}`);
    const request = message("P", cstring(inEngine), text, types);
    return { name, inEngine, request, setsConfig: callsSetConfig(sql), generation: -1 };
  }

  /** The engine has parsed it. */
  parsed(statement) {
    statement.generation = this.#engine.generation;
    if (!statement.name) this.#engine.unnamed = statement;
    this.#known.set(statement.name, statement);
  }

  /** @param {string} name the client's; undefined where PREPARE in SQL, or nobody, made it */
  find(name) {
    return this.#known.get(name);
  }

  /** Whether the engine has it no more. */
  isLost(statement) {
    return statement.name
      ? statement.generation !== this.#engine.generation
      : statement !== this.#engine.unnamed;
  }

  get isEmpty() {
    return this.#known.size === 0;
  }

  /** Forget one. */
  drop(name) {
    this.#known.delete(name);
  }

  /** Forget all, as DEALLOCATE ALL does. */
  clear() {
    this.#known.clear();
  }

  /** Forget all; Close messages for those that the engine still has. */
  closeAll() {
    const left = [...this.#known.values()].filter((one) => one.name && !this.isLost(one));
    this.clear();
    return left.map(({ inEngine }) => message("C", Buffer.from("S"), cstring(inEngine)));
  }
}
