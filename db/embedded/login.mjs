import { createHash, createHmac, pbkdf2Sync, timingSafeEqual } from "node:crypto";

import { DATABASE, StatementFailed } from "./engine.mjs";
import {
  ProtocolError,
  askPassword,
  authenticationOk,
  backendKeyData,
  negotiateVersion,
  parameterStatus,
  readCstring,
  readyForQuery,
} from "./protocol.mjs";
import { Session, storedSettings, systemSession } from "./session.mjs";
import { quoteLiteral } from "./sql.mjs";

/** SQLSTATE of "the administrator ended it". */
export const STOPPING = "57P01";

/** A connection is refused, or ends, with a FATAL error of PostgreSQL's own kind. */
export class Fatal extends Error {
  /** @param {string} code SQLSTATE @param {string} message @param {string} [hint] */
  constructor(code, message, hint) {
    super(message);
    this.code = code;
    this.hint = hint;
  }
}

/** @param {Buffer} body of a startup message, version first @returns {Record<string, string>} */
function readParameters(body) {
  const parameters = {};
  for (let at = 4; body[at]; ) {
    const [name, valueAt] = readCstring(body, at);
    const [value, next] = readCstring(body, valueAt);
    parameters[name] = value;
    at = next;
  }
  return parameters;
}

/**
 * The settings in a startup parameter `options`: `-c name=value`, `-cname=value`, `--name=value`,
 * a blank inside a value escaped by a backslash.
 *
 * @param {string} text
 * @returns {[string, string][]}
 */
export function parseOptions(text) {
  const words = (text.match(/(?:\\[^]|[^\s\\])+/g) ?? []).map((word) =>
    word.replace(/\\([^])/g, "$1"),
  );
  const settings = [];
  while (words.length) {
    const word = words.shift();
    const rest = word.startsWith("--") ? word.slice(2) : word.slice(2) || (words.shift() ?? "");
    const at = rest.indexOf("=");
    if (!(word.startsWith("--") || word.startsWith("-c")) || at < 1) {
      throw new Fatal("42601", `invalid command-line argument for server process: ${word}`);
    }
    settings.push([rest.slice(0, at).replaceAll("-", "_"), rest.slice(at + 1)]);
  }
  return settings;
}

/**
 * Check a password against what pg_authid keeps: SCRAM-SHA-256 (RFC 5802) or MD5.
 *
 * @param {string} verifier `rolpassword`
 * @param {string} user
 * @param {string} password
 */
export function passwordMatches(verifier, user, password) {
  const digest = (algorithm, data) => createHash(algorithm).update(data).digest();
  const scram = /^SCRAM-SHA-256\$(\d+):([^$]+)\$([^:]+):/.exec(verifier);
  if (scram) {
    const [, iterations, salt, storedKey] = scram;
    const salted = pbkdf2Sync(
      password.normalize("NFKC"), Buffer.from(salt, "base64"), Number(iterations), 32, "sha256",
    );
    const clientKey = createHmac("sha256", salted).update("Client Key").digest();
    return timingSafeEqual(digest("sha256", clientKey), Buffer.from(storedKey, "base64"));
  }
  const md5 = `md5${digest("md5", password + user).toString("hex")}`;
  return md5.length === verifier.length && timingSafeEqual(Buffer.from(md5), Buffer.from(verifier));
}

/**
 * The password a role needs and the settings stored for it; read at each login, kept nowhere.
 *
 * @throws {Fatal} no such role, or one that may not log in
 */
function lookUp(engine, user) {
  systemSession().enter(engine);
  const [row] = engine.query(`
    SELECT rolcanlogin, rolpassword, rolvaliduntil < pg_catalog.now(),
           pg_catalog.has_database_privilege(oid, ${quoteLiteral(DATABASE)}, 'CONNECT')
      FROM pg_catalog.pg_authid WHERE rolname = ${quoteLiteral(user)}`);
  if (!row) throw new Fatal("28000", `role "${user}" does not exist`);
  const [canLogin, verifier, expired, mayConnect] = row;
  if (canLogin !== "t") throw new Fatal("28000", `role "${user}" is not permitted to log in`);
  if (mayConnect !== "t") {
    throw new Fatal("42501", `permission denied for database "${DATABASE}"`);
  }
  return { verifier, expired: expired === "t", stored: storedSettings(engine, user) };
}

/**
 * Answer a startup message: who, which database, the password where the role has one, the settings.
 *
 * @param {import("./connection.mjs").Connection} connection
 * @param {Buffer} body of the startup message
 * @returns {Promise<Session | null>} null when the client went away
 * @throws {Fatal}
 */
export async function login(connection, body) {
  const version = body.readInt32BE(0);
  if (version >> 16 !== 3) {
    throw new Fatal("0A000", `unsupported frontend protocol ${version >> 16}.${version & 0xffff}`);
  }
  const { user, database, options = "", replication, ...others } = readParameters(body);
  if (!user) throw new Fatal("28000", "no PostgreSQL user name specified in startup packet");
  if (replication && !/^(?:false|off|no|0)$/i.test(replication)) {
    throw new Fatal("0A000", "the embedded database has no replication");
  }
  if ((database || user) !== DATABASE) {
    throw new Fatal(
      "3D000",
      `database "${database || user}" does not exist`,
      `The embedded database serves one database: ${DATABASE}.`,
    );
  }
  const extensions = Object.keys(others).filter((name) => name.startsWith("_pq_."));
  if (version & 0xffff || extensions.length) connection.write(negotiateVersion(extensions));

  const { verifier, expired, stored } = await connection.withTurn((engine) =>
    lookUp(engine, user),
  );
  if (verifier !== null) {
    connection.write(askPassword);
    const answer = await connection.reader.next();
    if (answer === null) return null;
    if (answer[0] !== "p".charCodeAt(0)) throw new ProtocolError("expected password response");
    const [password] = readCstring(answer, 5);
    if (expired || !passwordMatches(verifier, user, password)) {
      throw new Fatal("28P01", `password authentication failed for user "${user}"`);
    }
  }

  const named = Object.entries(others).filter(([name]) => !name.startsWith("_pq_."));
  const settings = [...parseOptions(options), ...named];
  const session = new Session(user, stored);
  await connection.withTurn((engine) => {
    try {
      session.start(engine, settings);
    } catch (error) {
      engine.sessionKey = null;
      throw error instanceof StatementFailed ? new Fatal(error.code, error.message) : error;
    }
  });
  connection.write(
    authenticationOk,
    ...Object.entries(session.reported).map(([name, value]) => parameterStatus(name, value)),
    // Clients that look after their server must know that this one answers nobody while it works.
    parameterStatus("ksys.embedded", "on"),
    // As pg_backend_pid() has it: a client that is told another process is behind a pooler.
    backendKeyData(0, connection.id),
    readyForQuery("I"),
  );
  return session;
}
