import { cstring, message, messagesOf, readCstring, simpleQuery } from "./protocol.mjs";
import {
  callsSetConfig,
  changesAuthorization,
  customSettings,
  deallocatedName,
  quoteName,
  raise,
  readsFromClient,
  returnsToLogin,
} from "./sql.mjs";

const NO_COPY = {
  code: "0A000",
  message: "COPY FROM STDIN is not possible on the embedded database",
  hint:
    "Use INSERT ... SELECT FROM unnest(...) with arrays as parameters, " +
    "or load a file with: ksys db backfill FILE",
};
const NOT_YOURS = { code: "42501", message: "permission denied to set session authorization" };

/** Commands after which settings may differ. */
const SETTING_COMMANDS = new Set(["SET", "RESET", "DISCARD ALL", "DO", "CALL"]);

/**
 * Passes the messages of one connection to the engine and keeps what has to be known of the
 * answers. To be used only while the connection has the turn.
 */
export class Exchange {
  /** Status of the last ReadyForQuery: `I`, `T` or `E`; null while a batch waits for its Sync. */
  status = "I";
  /** Whether the session's settings may have been changed since they were last captured. */
  settingsTouched = false;
  /** Whether the session was thrown away by DISCARD ALL. */
  discarded = false;

  #engine;
  #session;
  #statements;

  /**
   * @param {import("./engine.mjs").Engine} engine
   * @param {import("./session.mjs").Session} session
   * @param {import("./statements.mjs").Statements} statements
   */
  constructor(engine, session, statements) {
    this.#engine = engine;
    this.#session = session;
    this.#statements = statements;
  }

  /**
   * @param {Buffer} request a whole message of the client
   * @returns {Buffer[]} the answer, in whole messages
   */
  pass(request) {
    const body = request.subarray(5);
    this.status = null;
    switch (String.fromCharCode(request[0])) {
      case "Q":
        return [this.#send(this.#query(request, body))];
      case "P":
        return [this.#parse(body)];
      case "B": {
        const [portal, at] = readCstring(body);
        const [name, rest] = readCstring(body, at);
        return this.#use(name, (inEngine) =>
          message("B", cstring(portal), cstring(inEngine), body.subarray(rest)),
        );
      }
      case "D": {
        if (body[0] !== "S".charCodeAt(0)) return [this.#send(request)];
        const [name] = readCstring(body, 1);
        return this.#use(name, (inEngine) => message("D", Buffer.from("S"), cstring(inEngine)));
      }
      case "C":
        return [this.#send(this.#close(request, body))];
      default:
        return [this.#send(request)];
    }
  }

  #query(request, body) {
    const [sql] = readCstring(body);
    const admitted = this.#admit(sql);
    // A simple query drops the unnamed statement.
    this.#engine.unnamed = null;
    this.settingsTouched ||= callsSetConfig(sql);
    return admitted === sql ? request : simpleQuery(admitted);
  }

  #parse(body) {
    const [name, at] = readCstring(body);
    const [sql, typesAt] = readCstring(body, at);
    const admitted = this.#admit(sql);
    // The client's own bytes where they stay as they are, whatever its encoding.
    const text = admitted === sql ? body.subarray(at, typesAt) : cstring(admitted);
    const statement = this.#statements.draft(name, sql, text, body.subarray(typesAt));
    const answer = this.#send(statement.request);
    if (isParseComplete(answer)) this.#statements.parsed(statement);
    return answer;
  }

  #use(name, request) {
    const statement = this.#statements.find(name);
    if (!statement) return [this.#send(request(name))];
    this.settingsTouched ||= statement.setsConfig;
    const answers = [];
    if (this.#statements.isLost(statement)) {
      const answer = this.#send(statement.request);
      if (isParseComplete(answer)) this.#statements.parsed(statement);
      else answers.push(answer);
    }
    return [...answers, this.#send(request(statement.inEngine))];
  }

  #close(request, body) {
    if (body[0] !== "S".charCodeAt(0)) return request;
    const [name] = readCstring(body, 1);
    const statement = this.#statements.find(name);
    this.#statements.drop(name);
    return message("C", Buffer.from("S"), cstring(statement?.inEngine ?? name));
  }

  /** The statement as it may reach the engine. */
  #admit(sql) {
    this.#session.watch(customSettings(sql));
    if (readsFromClient(sql)) return raise(NO_COPY);
    if (changesAuthorization(sql)) {
      if (returnsToLogin(sql)) {
        return `SET SESSION AUTHORIZATION ${quoteName(this.#session.user)}`;
      }
      // The engine runs as a superuser and would let everybody become one.
      if (!this.#session.isSuperuser) return raise(NOT_YOURS);
    }
    const statement = this.#statements.find(deallocatedName(sql) ?? undefined);
    if (statement?.name) {
      this.#statements.drop(statement.name);
      return `DEALLOCATE ${quoteName(statement.inEngine)}`;
    }
    return sql;
  }

  #send(request) {
    const answer = this.#engine.send(request);
    for (const { type, body } of messagesOf(answer)) {
      if (type === "Z") this.status = String.fromCharCode(body[0]);
      else if (type === "C") this.#completed(readCstring(body)[0]);
    }
    return answer;
  }

  #completed(tag) {
    this.settingsTouched ||= SETTING_COMMANDS.has(tag);
    if (tag === "DISCARD ALL" || tag === "DEALLOCATE ALL") {
      this.#statements.clear();
      this.#engine.generation++;
    }
    this.discarded ||= tag === "DISCARD ALL";
  }
}

/** @param {Buffer} answer to a Parse message */
const isParseComplete = (answer) => answer[0] === "1".charCodeAt(0);
