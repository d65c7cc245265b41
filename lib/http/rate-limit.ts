export interface RateLimitOptions {
  /** Of each key, in a window. 0: nothing is limited. */
  readonly limit: number;
  /** Keys remembered at most. */
  readonly maxKeys?: number;
  /** Monotonic, milliseconds. */
  readonly upMs?: () => number;
}

/** How a key stands. */
export interface Standing {
  readonly limit: number;
  readonly remaining: number;
  /** Whole seconds until the window ends. */
  readonly resetS: number;
  readonly isOver: boolean;
}

interface Window {
  used: number;
  readonly endsAtMs: number;
}

const SECOND = 1000;
const WINDOW_MS = 60 * SECOND;
/** decisions/0012-http.md */
export const MAX_KEYS = 50_000;

/**
 * Counts what each key does in a minute; the minute begins with the first. Ours, for libraries answer later or keep a timer and
 * a record for each key without bound: here counting and asking is one step, and beyond `maxKeys` the oldest window is forgotten.
 */
export class RateLimit {
  /** All windows are as long, so the order in which they began is that in which they end. */
  private readonly windows = new Map<string, Window>();
  private readonly limit: number;
  private readonly maxKeys: number;
  private readonly upMs: () => number;

  constructor({ limit, maxKeys = MAX_KEYS, upMs = () => performance.now() }: RateLimitOptions) {
    [this.limit, this.maxKeys, this.upMs] = [limit, maxKeys, upMs];
  }

  /** Keys that are remembered. */
  get size(): number {
    return this.windows.size;
  }

  /** Counts one more. @returns how the key stands with it; undefined where nothing is limited */
  count(key: string): Standing | undefined {
    if (this.limit === 0) return undefined;
    const nowMs = this.upMs();
    const window = this.current(key, nowMs) ?? this.begin(key, nowMs);
    window.used += 1;
    return this.standing(window, nowMs, window.used > this.limit);
  }

  /** Whether the next one would be too many. Counts nothing. */
  isUsedUp(key: string): Standing | undefined {
    const nowMs = this.upMs();
    const window = this.current(key, nowMs);
    return window && window.used >= this.limit ? this.standing(window, nowMs, true) : undefined;
  }

  /** How many more a key may do in its window; Infinity where nothing is limited. */
  left(key: string): number {
    if (this.limit === 0) return Infinity;
    return Math.max(0, this.limit - (this.current(key, this.upMs())?.used ?? 0));
  }

  private current(key: string, nowMs: number): Window | undefined {
    const window = this.windows.get(key);
    return window && window.endsAtMs > nowMs ? window : undefined;
  }

  private begin(key: string, nowMs: number): Window {
    this.windows.delete(key); // one that has ended stands elsewhere in the order
    for (const [oldest, { endsAtMs }] of this.windows) {
      if (endsAtMs > nowMs && this.windows.size < this.maxKeys) break;
      this.windows.delete(oldest);
    }
    const window = { used: 0, endsAtMs: nowMs + WINDOW_MS };
    this.windows.set(key, window);
    return window;
  }

  private standing({ used, endsAtMs }: Window, nowMs: number, isOver: boolean): Standing {
    const resetS = Math.max(1, Math.ceil((endsAtMs - nowMs) / SECOND));
    return { limit: this.limit, remaining: Math.max(0, this.limit - used), resetS, isOver };
  }
}
