/** The engine is one session: whoever holds the turn has it alone, others wait in line. */
export class Turns {
  #held = false;
  #since = 0;
  /** @type {{grant: () => void, isClient: boolean}[]} */
  #line = [];

  /** Whether a client waits; the bridge's own tasks have time. */
  get isWantedByClient() {
    return this.#line.some(({ isClient }) => isClient);
  }

  /**
   * Wait for the turn.
   *
   * @param {number} [patienceMs] how long a client waits while one and the same holder keeps it
   * @returns {Promise<boolean>} false when patience ran out
   */
  take(patienceMs = Infinity) {
    if (!this.#held) {
      this.#held = true;
      this.#since = performance.now();
      return Promise.resolve(true);
    }
    return new Promise((resolve) => {
      let timer;
      const queued = performance.now();
      const entry = {
        isClient: patienceMs !== Infinity,
        grant: () => {
          clearTimeout(timer);
          this.#since = performance.now();
          resolve(true);
        },
      };
      const check = () => {
        const left = patienceMs - (performance.now() - Math.max(queued, this.#since));
        if (left > 0) {
          timer = setTimeout(check, left);
        } else {
          this.#line.splice(this.#line.indexOf(entry), 1);
          resolve(false);
        }
      };
      this.#line.push(entry);
      if (entry.isClient) check();
    });
  }

  /** Hand the turn to the next in line. */
  give() {
    const next = this.#line.shift();
    if (next) next.grant();
    else this.#held = false;
  }
}
