import { existsSync, readFileSync } from 'node:fs';
import { eventually } from './eventually';

/** Whether the memory of another process can be looked at: on Linux. */
export const canSeeMemory = existsSync('/proc/self/status');

const STEADY_FOR_MS = 3_000;
const STEADY_WITHIN = 0.02;

/** Resident memory of a process, MB. */
export function residentMb(pid: number): number {
  const kb = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  if (kb === undefined) throw new Error(`process ${pid} has no memory`);
  return Number(kb) / 1024;
}

/** Waits until the memory of a process does not change any more. */
export async function steadyMb(pid: number, timeoutMs = 30_000): Promise<number> {
  let level = residentMb(pid);
  let sinceMs = performance.now();
  return eventually(
    () => {
      const now = residentMb(pid);
      if (Math.abs(now - level) > STEADY_WITHIN * level) [level, sinceMs] = [now, performance.now()];
      expect(performance.now() - sinceMs).toBeGreaterThan(STEADY_FOR_MS);
      return level;
    },
    { timeoutMs },
  );
}
