/**
 * In place of `node:timers/promises`, which jest's fake timers leave as it is: goes by the global timers.
 * Used as `jest.mock('node:timers/promises', () => promisedTimers)`.
 */
export const promisedTimers = {
  setTimeout<T>(ms: number, value?: T, { signal }: { readonly signal?: AbortSignal } = {}): Promise<T | undefined> {
    return new Promise((resolve, reject) => {
      const abort = () => {
        clearTimeout(timer);
        reject(signal!.reason as Error);
      };
      const timer = setTimeout(() => {
        signal?.removeEventListener('abort', abort);
        resolve(value);
      }, ms);
      if (signal?.aborted) abort();
      else signal?.addEventListener('abort', abort, { once: true });
    });
  },
};
