import { setTimeout as pause } from 'node:timers/promises';

const POLL_EVERY_MS = 5;

/** Retries a check until it passes and answers what it gave; when time is out, throws its last failure. */
export async function eventually<T>(
  check: () => T | Promise<T>,
  { timeoutMs = 5_000 }: { readonly timeoutMs?: number } = {},
): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    try {
      return await check();
    } catch (failure) {
      if (performance.now() >= deadline) throw failure;
    }
    await pause(POLL_EVERY_MS);
  }
}
