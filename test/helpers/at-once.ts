/** Works through all items in order, at most so many at a time. */
export async function atOnce<T>(
  limit: number,
  items: readonly T[],
  work: (item: T) => Promise<unknown>,
): Promise<void> {
  let next = 0;
  const worker = async () => {
    while (next < items.length) await work(items[next++]!);
  };
  await Promise.all(Array.from({ length: limit }, worker));
}

const TICK_MS = 10;

/** Begins the work on all items evenly over a time, however long each takes, and waits until all is done. */
export async function spreadOver<T>(ms: number, items: readonly T[], work: (item: T) => Promise<unknown>) {
  const startedAt = performance.now();
  const begun: Promise<unknown>[] = [];
  await new Promise<void>((resolve) => {
    const timer = setInterval(() => {
      const goal = Math.ceil((items.length * (performance.now() - startedAt)) / ms);
      while (begun.length < Math.min(goal, items.length)) begun.push(work(items[begun.length]!));
      if (begun.length < items.length) return;
      clearInterval(timer);
      resolve();
    }, TICK_MS);
  });
  await Promise.all(begun);
}
