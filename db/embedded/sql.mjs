/**
 * The few things the bridge must see in a statement's text. It is no parser: comments, literals and
 * whatever stands in parentheses are taken out, and what is left is looked at by its keywords.
 */

const NAME = /[A-Za-z_\x80-\uffff][\w$\x80-\uffff]*/y;
const QUOTED_NAME = /"[^"]*(?:""[^"]*)*"?/y;
const LITERAL = /'[^']*(?:''[^']*)*'?/y;
const ESCAPED_LITERAL = /[eE]'[^'\\]*(?:(?:''|\\[^])[^'\\]*)*'?/y;
const LINE_COMMENT = /--[^\n]*/y;
const DOLLAR_QUOTE = /\$([A-Za-z_\x80-\uffff][\w\x80-\uffff]*)?\$/y;
const COMMENT_EDGE = /\/\*|\*\//g;

function matchAt(pattern, text, at) {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0] ?? null;
}

function commentEnd(text, at) {
  COMMENT_EDGE.lastIndex = at;
  for (let depth = 0, edge; (edge = COMMENT_EDGE.exec(text)); ) {
    depth += edge[0] === "/*" ? 1 : -1;
    if (depth === 0) return COMMENT_EDGE.lastIndex;
  }
  return text.length;
}

/**
 * The statements of a text with comments, literals, quoted names and parentheses blanked.
 *
 * @param {string} text
 * @returns {string[]}
 */
export function skeletons(text) {
  let out = "";
  let depth = 0;
  const keep = (piece) => {
    if (depth === 0) out += piece;
  };
  for (let at = 0; at < text.length; ) {
    let piece;
    if (text.startsWith("/*", at)) {
      at = commentEnd(text, at);
      keep(" ");
    } else if ((piece = matchAt(LINE_COMMENT, text, at))) {
      at += piece.length;
      keep(" ");
    } else if ((piece = matchAt(ESCAPED_LITERAL, text, at) ?? matchAt(LITERAL, text, at))) {
      at += piece.length;
      keep(" '' ");
    } else if ((piece = matchAt(QUOTED_NAME, text, at))) {
      at += piece.length;
      keep(' "" ');
    } else if ((piece = matchAt(NAME, text, at))) {
      at += piece.length;
      keep(piece);
    } else if ((piece = matchAt(DOLLAR_QUOTE, text, at))) {
      const end = text.indexOf(piece, at + piece.length);
      at = end < 0 ? text.length : end + piece.length;
      keep(" '' ");
    } else {
      const character = text[at++];
      if (character === ")") depth = Math.max(depth - 1, 0);
      keep(character === ")" ? " " : character);
      if (character === "(") depth++;
    }
  }
  return out.split(";");
}

const COPY = /\bcopy\b/i;
const STANDARD_STREAM = /\bstd(?:in|out)\b/i;
// The grammar takes STDIN and STDOUT for each other.
const COPY_IN = /^\s*copy\b[^]*\bfrom\s+std(?:in|out)\b/i;
const AUTHORIZATION = /\bsession(?:_|(?:\s|\/\*[^]*?\*\/|--[^\n]*\n)+)authorization\b/i;
const BACK_TO_LOGIN =
  /^\s*(?:reset\s+session\s+authorization|set\s+session\s+authorization\s+default)\s*;?\s*$/i;
const DEALLOCATE = /^\s*deallocate\s+(?:prepare\s+)?("?)([^\s";]+)\1\s*;?\s*$/i;
const SET_CONFIG = /\b(?:set_config|timescaledb_(?:pre|post)_restore)\b/i;
// What ends with the transaction needs no look at the session's settings afterwards, which takes
// longer than most statements.
const OF_TRANSACTION = /\bset_config\s*\(\s*'[\w.]+'\s*,\s*(?:\$\d+|'[^'\\]*')\s*,\s*true\s*\)/gi;
const CUSTOM =
  /\b(?:set\s+(?:session\s+)?|set_config\s*\(\s*')([a-z_]\w*\.[a-z_]\w*)\b(?!\.)/gi;

/** @param {string} sql whether it would wait for data from the client */
export const readsFromClient = (sql) =>
  COPY.test(sql) &&
  STANDARD_STREAM.test(sql) &&
  skeletons(sql).some((statement) => COPY_IN.test(statement));

/** @param {string} sql whether it could make the session another role's */
export const changesAuthorization = (sql) => AUTHORIZATION.test(sql);

/** @param {string} sql whether it is the one statement that goes back to the role of the login */
export const returnsToLogin = (sql) => BACK_TO_LOGIN.test(sql);

/** @param {string} sql whether it can change a setting of the session without a SET command */
export const callsSetConfig = (sql) =>
  SET_CONFIG.test(sql) && SET_CONFIG.test(sql.replace(OF_TRANSACTION, ""));

/**
 * The settings with a prefix of their own that a statement sets: PostgreSQL lists them nowhere.
 *
 * @param {string} sql
 */
export const customSettings = (sql) => Array.from(sql.matchAll(CUSTOM), ([, name]) => name);

/** @param {string} sql @returns {string | null} the name in a lone `DEALLOCATE name` */
export function deallocatedName(sql) {
  const found = DEALLOCATE.exec(sql);
  if (!found) return null;
  return found[1] ? found[2] : found[2].toLowerCase();
}

/** @param {string} text as a literal, right under each standard_conforming_strings */
export const quoteLiteral = (text) =>
  `E'${text.replaceAll("\\", "\\\\").replaceAll("'", "''")}'`;

/** @param {string} name as an identifier */
export const quoteName = (name) => `"${name.replaceAll('"', '""')}"`;

/**
 * A statement that fails with an error of ours, so that the engine itself aborts the transaction,
 * skips to the next Sync and reports its status.
 *
 * @param {{code: string, message: string, hint?: string}} error
 */
export function raise({ code, message, hint }) {
  const options = [`ERRCODE = ${quoteLiteral(code)}`, `MESSAGE = ${quoteLiteral(message)}`];
  if (hint) options.push(`HINT = ${quoteLiteral(hint)}`);
  return `DO $refused$ BEGIN RAISE EXCEPTION USING ${options.join(", ")}; END $refused$`;
}
