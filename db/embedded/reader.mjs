import { ProtocolError } from "./protocol.mjs";

const MAX_STARTUP = 10_000;
const MAX_MESSAGE = 256 * 1024 * 1024;
const HIGH_WATER = 1024 * 1024;

/** Whole messages of one client, in order, with no more read ahead than needed. */
export class MessageReader {
  #socket;
  #chunks = [];
  #buffered = 0;
  #ended = false;
  #wake = () => {};

  /** @param {import("node:net").Socket} socket */
  constructor(socket) {
    this.#socket = socket;
    socket.on("data", (chunk) => {
      this.#chunks.push(chunk);
      this.#buffered += chunk.length;
      if (this.#buffered > HIGH_WATER) socket.pause();
      this.#wake();
    });
    for (const event of ["end", "close", "error"]) {
      socket.on(event, () => {
        this.#ended = true;
        this.#wake();
      });
    }
  }

  /** Read nothing more, and forget what was not taken yet. */
  stop() {
    this.#chunks = [];
    this.#buffered = 0;
    this.#ended = true;
    this.#wake();
  }

  /** Whether bytes of a further message are here already. */
  get hasMore() {
    return this.#buffered > 0;
  }

  /**
   * The first packet of a connection, which has no type.
   *
   * @returns {Promise<Buffer | null>} its body; null once the client is gone
   */
  async startup() {
    const head = await this.#peek(4);
    if (head === null) return null;
    const length = head.readInt32BE(0);
    if (length < 8 || length > MAX_STARTUP) {
      throw new ProtocolError("invalid length of startup packet");
    }
    const packet = await this.#take(length);
    return packet && packet.subarray(4);
  }

  /** @returns {Promise<Buffer | null>} type, length and body; null once the client is gone */
  async next() {
    const head = await this.#peek(5);
    if (head === null) return null;
    const length = head.readInt32BE(1);
    if (length < 4 || length > MAX_MESSAGE) {
      throw new ProtocolError(`invalid message length ${length}`);
    }
    return this.#take(length + 1);
  }

  async #peek(size) {
    if (!(await this.#until(size))) return null;
    if (this.#chunks[0].length < size) this.#chunks = [Buffer.concat(this.#chunks)];
    return this.#chunks[0];
  }

  async #take(size) {
    if (!(await this.#until(size))) return null;
    const first = this.#chunks[0];
    const all = first.length >= size ? first : Buffer.concat(this.#chunks);
    if (all !== first) this.#chunks = [all];
    if (all.length === size) this.#chunks.shift();
    else this.#chunks[0] = all.subarray(size);
    this.#buffered -= size;
    return all.subarray(0, size);
  }

  async #until(size) {
    while (this.#buffered < size) {
      if (this.#ended) return false;
      this.#socket.resume();
      await new Promise((resolve) => {
        this.#wake = resolve;
      });
    }
    return true;
  }
}
