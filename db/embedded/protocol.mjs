/**
 * Messages of the PostgreSQL wire protocol 3.0 (PostgreSQL documentation, "Frontend/Backend
 * Protocol"): how they are built and taken apart. A message is a one-byte type, a 32-bit length
 * that counts itself, and the body.
 */

/** Codes that stand in the place of a version in the first packet of a connection. */
export const SSL_REQUEST = 80877103;
export const GSS_REQUEST = 80877104;
export const CANCEL_REQUEST = 80877102;

/** @param {string} text */
export const cstring = (text) => Buffer.from(`${text}\0`);

/** @param {number} value */
export const int16 = (value) => {
  const out = Buffer.alloc(2);
  out.writeInt16BE(value);
  return out;
};

/** @param {number} value */
export const int32 = (value) => {
  const out = Buffer.alloc(4);
  out.writeInt32BE(value);
  return out;
};

/**
 * @param {string} type one character
 * @param {...Buffer} parts
 */
export function message(type, ...parts) {
  const body = parts.reduce((length, part) => length + part.length, 0);
  return Buffer.concat([Buffer.from(type), int32(body + 4), ...parts]);
}

/** @param {string} sql */
export const simpleQuery = (sql) => message("Q", cstring(sql));
export const syncMessage = message("S");
export const parseComplete = message("1");
export const authenticationOk = message("R", int32(0));
export const askPassword = message("R", int32(3));

/** @param {string} status `I` idle, `T` in a transaction, `E` in a failed one */
export const readyForQuery = (status) => message("Z", Buffer.from(status));

/** @param {string} name @param {string} value */
export const parameterStatus = (name, value) => message("S", cstring(name), cstring(value));

/** @param {number} pid @param {number} secret */
export const backendKeyData = (pid, secret) => message("K", int32(pid), int32(secret));

/** @param {string[]} unknown protocol options that are not understood */
export const negotiateVersion = (unknown) =>
  message("v", int32(0), int32(unknown.length), ...unknown.map(cstring));

/**
 * @param {{severity?: string, code: string, message: string, hint?: string}} error
 */
export function errorResponse({ severity = "ERROR", code, message: text, hint }) {
  const fields = { S: severity, V: severity, C: code, M: text, ...(hint && { H: hint }) };
  const parts = Object.entries(fields).map(([key, value]) => cstring(key + value));
  return message("E", ...parts, Buffer.alloc(1));
}

/**
 * The messages of a reply of the engine.
 *
 * @param {Buffer} data whole messages
 * @returns {Generator<{type: string, body: Buffer}>}
 */
export function* messagesOf(data) {
  for (let at = 0; at < data.length; ) {
    const end = at + 1 + data.readInt32BE(at + 1);
    yield { type: String.fromCharCode(data[at]), body: data.subarray(at + 5, end) };
    at = end;
  }
}

/**
 * The string that starts at an offset, and where the next field begins.
 *
 * @param {Buffer} body
 * @param {number} [at]
 * @returns {[string, number]}
 */
export function readCstring(body, at = 0) {
  const end = body.indexOf(0, at);
  if (end < 0) throw new ProtocolError("a string in a message has no end");
  return [body.toString("utf8", at, end), end + 1];
}

/** @param {Buffer} body of a DataRow in text format @returns {(string | null)[]} */
export function readRow(body) {
  const row = [];
  let at = 2;
  for (let left = body.readInt16BE(0); left > 0; left--) {
    const length = body.readInt32BE(at);
    at += 4;
    row.push(length < 0 ? null : body.toString("utf8", at, at + length));
    at += Math.max(length, 0);
  }
  return row;
}

/** @param {Buffer} body of an ErrorResponse @returns {Record<string, string>} by field letter */
export function readError(body) {
  const fields = {};
  for (let at = 0; body[at]; ) {
    const [text, next] = readCstring(body, at);
    fields[text[0]] = text.slice(1);
    at = next;
  }
  return fields;
}

/** What a client sent is not the protocol. */
export class ProtocolError extends Error {
  code = "08P01";
}
