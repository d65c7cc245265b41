import { RateLimiterMemory, type RateLimiterRes } from 'rate-limiter-flexible';

export interface RateLimitOptions {
  /** Of each key, in a window. 0: nothing is limited. */
  readonly limit: number;
}

/** How a key stands. */
export interface Standing {
  readonly limit: number;
  readonly remaining: number;
  /** Whole seconds until the window ends. */
  readonly resetS: number;
  readonly isOver: boolean;
}

const WINDOW_S = 60;
const SECOND = 1000;

/** Counts what each key does in a minute; the minute begins with the first. */
export class RateLimit {
  private readonly limiter: RateLimiterMemory | undefined;

  constructor({ limit }: RateLimitOptions) {
    if (limit > 0) this.limiter = new RateLimiterMemory({ points: limit, duration: WINDOW_S });
  }

  /** Counts one more. @returns how the key stands with it; undefined where nothing is limited */
  async count(key: string): Promise<Standing | undefined> {
    const { limiter } = this;
    if (!limiter) return undefined;
    // It rejects with how the key stands, where that is over the limit.
    const counted = await limiter.consume(key).catch((over: RateLimiterRes) => over);
    return standing(limiter.points, counted, counted.consumedPoints > limiter.points);
  }

  /** Whether the next one would be too many. Counts nothing. */
  async isUsedUp(key: string): Promise<Standing | undefined> {
    const { limiter } = this;
    const counted = await limiter?.get(key);
    if (!limiter || !counted || counted.consumedPoints < limiter.points) return undefined;
    return standing(limiter.points, counted, true);
  }
}

function standing(limit: number, { remainingPoints, msBeforeNext }: RateLimiterRes, isOver: boolean): Standing {
  const resetS = Math.max(1, Math.ceil(msBeforeNext / SECOND));
  return { limit, remaining: Math.max(0, remainingPoints), resetS, isOver };
}
