export interface RateLimitOptions {
  /** Of each key, in a window. 0: nothing is limited. */
  readonly limit: number;
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
  count: number;
  readonly endsMs: number;
}

export const WINDOW_S = 60;
const SECOND = 1000;
const MAX_KEYS = 50_000;

/** Counts what each key does in a minute; the minute begins with the first. */
export class RateLimit {
  private readonly windows = new Map<string, Window>();
  private readonly upMs: () => number;

  constructor(private readonly options: RateLimitOptions) {
    this.upMs = options.upMs ?? (() => performance.now());
  }

  /** Counts one more. @returns how the key stands with it; undefined where nothing is limited */
  count(key: string): Standing | undefined {
    if (this.options.limit === 0) return undefined;
    const window = this.windowOf(key);
    window.count += 1;
    return this.standing(window);
  }

  /** Whether the next one would be too many. Counts nothing. */
  isUsedUp(key: string): Standing | undefined {
    const window = this.windows.get(key);
    if (this.options.limit === 0 || !window || window.endsMs <= this.upMs()) return undefined;
    return window.count >= this.options.limit ? { ...this.standing(window), isOver: true } : undefined;
  }

  private windowOf(key: string): Window {
    const nowMs = this.upMs();
    const current = this.windows.get(key);
    if (current && current.endsMs > nowMs) return current;
    const window = { count: 0, endsMs: nowMs + WINDOW_S * SECOND };
    this.windows.delete(key); // so that the order is by the end of the windows
    this.windows.set(key, window);
    this.prune(nowMs);
    return window;
  }

  /** Those that are over stand first; under ever new keys the oldest go, which lets them begin anew. */
  private prune(nowMs: number): void {
    for (const [key, { endsMs }] of this.windows) {
      if (endsMs > nowMs && this.windows.size <= MAX_KEYS) return;
      this.windows.delete(key);
    }
  }

  private standing({ count, endsMs }: Window): Standing {
    const { limit } = this.options;
    return {
      limit,
      remaining: Math.max(0, limit - count),
      resetS: Math.max(1, Math.ceil((endsMs - this.upMs()) / SECOND)),
      isOver: count > limit,
    };
  }
}
