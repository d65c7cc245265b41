/** Passes on at most one value in this time, the first at once; those between are dropped. For progress, not for what counts. */
export function throttled<T>(everyMs: number, pass: (value: T) => void): (value: T) => void {
  let lastMs = -Infinity;
  return (value) => {
    const nowMs = performance.now();
    if (nowMs - lastMs < everyMs) return;
    lastMs = nowMs;
    pass(value);
  };
}
