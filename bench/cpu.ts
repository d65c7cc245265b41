import { readFileSync } from 'node:fs';

/** Linux counts processor time in hundredths of a second. */
const TICK_MS = 10;

/** Processor time in milliseconds a process has used since it started; undefined where the system does not tell. */
function usedMs(pid: number): number | undefined {
  try {
    // The fields after the name, which may hold blanks and brackets: user time is the 12th, system time the 13th.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').pop()!.split(' ');
    return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
  } catch {
    return undefined;
  }
}

/** Runs work and tells how much processor time each process used meanwhile, in milliseconds. */
export async function withCpu<T>(
  pids: ReadonlyMap<string, number>,
  work: () => Promise<T>,
): Promise<{ result: T; cpuMs: ReadonlyMap<string, number> }> {
  const read = () => new Map([...pids].map(([name, pid]) => [name, usedMs(pid)]));
  const before = read();
  const result = await work();
  const after = read();
  const cpuMs = new Map<string, number>();
  for (const [name, end] of after) {
    const start = before.get(name);
    if (start !== undefined && end !== undefined) cpuMs.set(name, end - start);
  }
  return { result, cpuMs };
}
