const AGAIN_AFTER_MS = 60_000;

/** Which failures of something that is tried again and again are worth a line in the log. */
export class RepeatedFailure {
  private told: { readonly reason: string; readonly atMs: number } | undefined;

  /**
   * A store that is away is told of by the line `store unavailable`, not by everything that waits for it.
   *
   * @param nowMs monotonic
   * @returns whether it is another one than before, or was last told a minute ago
   */
  isNews(error: unknown, nowMs: number): boolean {
    const { type, message } = error as { readonly type?: unknown; readonly message?: unknown };
    if (type === 'STORE_UNAVAILABLE') return false;
    const reason = `${String(type)} ${String(message)}`;
    if (this.told?.reason === reason && nowMs - this.told.atMs < AGAIN_AFTER_MS) return false;
    this.told = { reason, atMs: nowMs };
    return true;
  }

  /** It has worked. */
  ended(): void {
    this.told = undefined;
  }
}
