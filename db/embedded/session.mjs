import { DATABASE, SUPERUSER } from "./engine.mjs";
import { quoteLiteral, quoteName } from "./sql.mjs";

/**
 * What PostgreSQL has by default, where the engine's command line differs: it prefers any plan to a
 * sequential scan, finds nothing in `public`, and sends DEBUG lines to clients. It has no parallel
 * workers to plan for.
 */
const DEFAULTS = {
  allow_system_table_mods: "off",
  client_min_messages: "notice",
  enable_seqscan: "on",
  max_parallel_workers_per_gather: "0",
  search_path: '"$user", public',
  TimeZone: "UTC",
};

/** The settings a server tells its clients of (PostgreSQL documentation, "ParameterStatus"). */
const REPORTED = [
  "application_name",
  "client_encoding",
  "DateStyle",
  "default_transaction_read_only",
  "in_hot_standby",
  "integer_datetimes",
  "IntervalStyle",
  "is_superuser",
  "scram_iterations",
  "server_encoding",
  "server_version",
  "session_authorization",
  "standard_conforming_strings",
  "TimeZone",
];

const capture = (custom) => `
  SELECT 'setting', name, setting FROM pg_catalog.pg_settings
   WHERE source OPERATOR(pg_catalog.=) 'session' AND name NOT LIKE 'transaction\\_%'
  UNION ALL SELECT 'identity', 'user', session_user
  UNION ALL SELECT 'identity', 'role', pg_catalog.current_setting('role')
  UNION ALL SELECT 'reported', name, pg_catalog.current_setting(name)
    FROM pg_catalog.unnest('{${REPORTED.join(",")}}'::pg_catalog.text[]) AS name
  UNION ALL SELECT 'setting', name, pg_catalog.current_setting(name, true)
    FROM pg_catalog.unnest('{${custom.join(",")}}'::pg_catalog.text[]) AS name
   WHERE pg_catalog.current_setting(name, true) IS NOT NULL`;

const byName = ([a], [b]) => (a < b ? -1 : 1);
const setConfig = ([name, value]) =>
  `pg_catalog.set_config(${quoteLiteral(name)}, ${quoteLiteral(value)}, false)`;

/**
 * The session of one connection: its role and settings, put into the engine when the connection's
 * turn comes and read back when a statement may have changed them. Temporary tables and session
 * advisory locks are not kept apart.
 */
export class Session {
  /** Settings as the server last told the client, by name. */
  reported = {};
  /** Whether the role that logged in is a superuser. */
  isSuperuser = false;

  #loginUser;
  #startup = {};
  #user;
  #role = "none";
  #settings;
  #custom = new Set();
  #key;

  /**
   * @param {string} user
   * @param {[string, string][]} stored settings of the database and of the role, in their order
   */
  constructor(user, stored = []) {
    this.#loginUser = user;
    this.#user = user;
    this.#settings = { ...DEFAULTS, ...Object.fromEntries(stored) };
    this.#remember();
  }

  /** The role that logged in. */
  get user() {
    return this.#loginUser;
  }

  /** After how long a transaction may be ended for being idle, in ms; 0 never. */
  get idleInTransactionMs() {
    return Number(this.#settings.idle_in_transaction_session_timeout ?? 0);
  }

  /** Settings the client asked for when it connected; the engine judges each, as the user. */
  start(engine, options) {
    this.watch(options.map(([name]) => name).filter((name) => /^\w+\.\w+$/.test(name)));
    this.enter(engine);
    if (options.length) engine.query(`SELECT ${options.map(setConfig).join(", ")}`);
    this.capture(engine);
    this.#startup = this.#settings;
    this.isSuperuser = this.reported.is_superuser === "on";
  }

  /** Look after settings that the engine does not list. @param {string[]} names */
  watch(names) {
    for (const name of names) this.#custom.add(name);
  }

  /** Put these settings into force; costs nothing when the engine's state is the same already. */
  enter(engine) {
    if (engine.sessionKey === this.#key) return;
    engine.sessionKey = null;
    const statements = [`SET SESSION AUTHORIZATION ${SUPERUSER}`, "RESET ALL"];
    const settings = Object.entries(this.#settings);
    if (settings.length) statements.push(`SELECT ${settings.map(setConfig).join(", ")}`);
    if (this.#user !== SUPERUSER) {
      statements.push(`SET SESSION AUTHORIZATION ${quoteName(this.#user)}`);
    }
    if (this.#role !== "none") statements.push(`SET ROLE ${quoteName(this.#role)}`);
    engine.query(statements.join("; "));
    engine.sessionKey = this.#key;
  }

  /**
   * Learn the engine's state as that of the client, outside a transaction.
   *
   * @returns {[string, string][]} reported settings that changed
   */
  capture(engine) {
    let found = this.#read(engine);
    const lost = Object.keys(this.#startup).filter((name) => !(name in found.setting));
    if (lost.length) {
      // A reset goes back to what the connection started with, not to the engine's own default.
      for (const name of lost) this.#settings[name] = this.#startup[name];
      this.#remember();
      this.enter(engine);
      found = this.#read(engine);
    }
    const changed = Object.entries(found.reported).filter(
      ([name, value]) => this.reported[name] !== value,
    );
    this.reported = found.reported;
    return changed;
  }

  /** Back to how the connection started, as DISCARD ALL has it. */
  discard(engine) {
    this.#user = this.#loginUser;
    this.#role = "none";
    this.#settings = { ...this.#startup };
    this.#remember();
    engine.sessionKey = null;
    this.enter(engine);
  }

  #read(engine) {
    const found = { setting: {}, identity: {}, reported: {} };
    const rows = engine.query(capture([...this.#custom]));
    for (const [kind, name, value] of rows) found[kind][name] = value;
    this.#user = found.identity.user;
    this.#role = found.identity.role;
    this.#settings = found.setting;
    this.#remember();
    engine.sessionKey = this.#key;
    return found;
  }

  #remember() {
    const settings = Object.entries(this.#settings).sort(byName);
    this.#key = JSON.stringify([this.#user, this.#role, settings]);
  }
}

/** The session in which the bridge itself asks the database. */
export const systemSession = () => new Session(SUPERUSER);

/**
 * What ALTER DATABASE and ALTER ROLE have set for a role, the strongest last.
 *
 * @param {import("./engine.mjs").Engine} engine in the system's session
 * @param {string} user
 * @returns {[string, string][]}
 */
export function storedSettings(engine, user) {
  const rows = engine.query(`
    SELECT pg_catalog.unnest(setconfig)
      FROM pg_catalog.pg_db_role_setting AS stored
     WHERE setdatabase IN (0, (SELECT oid FROM pg_catalog.pg_database
                                WHERE datname = ${quoteLiteral(DATABASE)}))
       AND setrole IN (0, (SELECT oid FROM pg_catalog.pg_roles
                            WHERE rolname = ${quoteLiteral(user)}))
     ORDER BY setrole <> 0, setdatabase <> 0`);
  return rows.map(([entry]) => {
    const at = entry.indexOf("=");
    return [entry.slice(0, at), entry.slice(at + 1)];
  });
}
