import { setTimeout as pause } from 'node:timers/promises';

/** The first looks come soon one after the other, the later ones less often: a check that fails may cost a millisecond. */
const POLL_FIRST_MS = 2;
const POLL_LAST_MS = 25;
const POLL_GROWTH = 1.3;

/** Retries a check until it passes and answers what it gave; when time is out, throws its last failure. */
export async function eventually<T>(
  check: () => T | Promise<T>,
  { timeoutMs = 5_000 }: { readonly timeoutMs?: number } = {},
): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  for (let pollMs = POLL_FIRST_MS; ; pollMs = Math.min(pollMs * POLL_GROWTH, POLL_LAST_MS)) {
    try {
      return await check();
    } catch (failure) {
      if (performance.now() >= deadline) throw failure;
    }
    await pause(pollMs);
  }
}
