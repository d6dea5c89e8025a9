import { setTimeout as pause } from "node:timers/promises";
import v8 from "node:v8";
import vm from "node:vm";

v8.setFlagsFromString("--expose-gc");
const collectGarbage = vm.runInNewContext("gc");
const PAUSE_MS = 50;

/** Memory of the process in use, MiB. */
export const residentMiB = () => Math.round(process.memoryUsage.rss() / 2 ** 20);

/**
 * Free what is not used any more; the memory of a closed engine goes only some time after it was
 * collected.
 *
 * @param {number} limitMiB
 * @param {number} rounds how often to try
 * @returns {Promise<boolean>} whether the process is within the limit
 */
export async function shrink(limitMiB, rounds) {
  for (let round = 0; residentMiB() > limitMiB; round++) {
    if (round === rounds) return false;
    collectGarbage();
    await pause(PAUSE_MS);
  }
  return true;
}
