import fs from "node:fs";
import path from "node:path";

/** Another server has the data folder. */
export class FolderInUse extends Error {}

/**
 * When a process was started, as the kernel counts it: tells a process from a later one that was
 * given the same id. Undefined where there is no /proc.
 *
 * @param {number} pid
 */
function startTime(pid) {
  try {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, "latin1");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
  } catch {
    return undefined;
  }
}

/** @param {{pid: number, started?: string}} owner */
function isAlive({ pid, started }) {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (error.code === "ESRCH") return false;
  }
  return started === undefined || startTime(pid) === undefined || startTime(pid) === started;
}

function readOwner(file) {
  try {
    const owner = JSON.parse(fs.readFileSync(file, "utf8"));
    return Number.isInteger(owner.pid) && owner.pid > 0 ? owner : null;
  } catch {
    return null;
  }
}

/**
 * Take a data folder for this process. A lock left by a process that is gone is taken over.
 *
 * @param {string} dir made if missing
 * @returns {() => void} gives it back
 * @throws {FolderInUse}
 */
export function lockFolder(dir) {
  fs.mkdirSync(dir, { recursive: true, mode: 0o700 });
  const file = path.join(dir, "server.lock");
  const own = `${file}.${process.pid}`;
  fs.writeFileSync(own, JSON.stringify({ pid: process.pid, started: startTime(process.pid) }));
  try {
    // A link appears with its content, so nobody ever reads a lock half written.
    for (let attempt = 0; ; attempt++) {
      try {
        fs.linkSync(own, file);
        break;
      } catch (error) {
        if (error.code !== "EEXIST" || attempt > 2) throw error;
        const owner = readOwner(file);
        if (owner && isAlive(owner)) {
          throw new FolderInUse(`${dir} is in use by the process ${owner.pid}; stop it first`);
        }
        fs.rmSync(file, { force: true });
      }
    }
  } finally {
    fs.rmSync(own, { force: true });
  }
  return () => fs.rmSync(file, { force: true });
}
