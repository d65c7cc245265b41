/** What one run of a closed loop measured. Latencies in milliseconds. */
export interface Measured {
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
  readonly failed: number;
}

/**
 * Calls `call(i)` for i = 0 … total-1 with a fixed number in flight and times each.
 * A failed call counts as failed and not as done.
 */
export async function closedLoop(
  total: number,
  inFlight: number,
  call: (i: number) => Promise<unknown>,
): Promise<Measured> {
  const latencies = new Float64Array(total);
  let next = 0;
  let failed = 0;
  const worker = async () => {
    while (next < total) {
      const i = next++;
      const startedAt = performance.now();
      try {
        await call(i);
      } catch {
        failed += 1;
      }
      latencies[i] = performance.now() - startedAt;
    }
  };
  const startedAt = performance.now();
  await Promise.all(Array.from({ length: Math.min(inFlight, total) }, worker));
  const elapsedMs = performance.now() - startedAt;
  latencies.sort();
  const at = (quantile: number) => latencies[Math.min(total - 1, Math.floor(total * quantile))] ?? 0;
  return { perSecond: ((total - failed) / elapsedMs) * 1000, p50: at(0.5), p99: at(0.99), failed };
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
