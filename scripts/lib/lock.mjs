import { mkdirSync, readlinkSync, rmSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Stop } from './command.mjs';

const POLL_MS = 200;

/**
 * Lets one process at a time install or build in this folder: two starts at once in a fresh clone would pull the
 * packages from under each other. The lock is a symbolic link to the holder's process id, because a link is made
 * together with its content in one step.
 */
export async function withLock(root, work) {
  const lock = join(root, '.cache', 'setup.lock');
  await take(lock);
  try {
    return await work();
  } finally {
    rmSync(lock, { force: true });
  }
}

async function take(lock) {
  let isTold = false;
  while (!isMade(lock)) {
    const holder = holderOf(lock);
    if (!isAlive(holder)) {
      rmSync(lock, { force: true });
      continue;
    }
    if (!isTold) console.log(`waiting for process ${holder}, which is setting up this folder (.cache/setup.lock)...`);
    isTold = true;
    await sleep(POLL_MS);
  }
}

function isMade(lock) {
  try {
    mkdirSync(dirname(lock), { recursive: true });
    symlinkSync(String(process.pid), lock);
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw new Stop(`Something must be installed or built here first, and that cannot be written: ${error.message}`);
  }
}

function holderOf(lock) {
  try {
    return Number(readlinkSync(lock));
  } catch {
    return 0; // released just now
  }
}

/** A holder that was killed leaves its lock behind; so may an earlier container whose process had our id. */
function isAlive(pid) {
  if (!(pid > 0) || pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}
