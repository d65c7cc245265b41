import { RateLimit, type RateLimitOptions } from './rate-limit';

export interface FailedLoginsOptions extends RateLimitOptions {
  readonly warn: (line: string) => void;
  readonly everyMs?: number;
}

const SECOND = 1000;
const LINE_EVERY_MS = 60 * SECOND;
/** Attempts from further addresses are counted together. */
const MAX_ADDRESSES = 1000;
const ADDRESSES_NAMED = 5;

/**
 * Failed authentications by address, over HTTP and WebSocket. The first is logged at once, then one line a minute says how many there
 * were and where from; what was given as a login is in no line.
 */
export class FailedLogins extends RateLimit {
  private readonly counts = new Map<string, number>();
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly logging: FailedLoginsOptions) {
    super(logging);
  }

  override count(address: string): ReturnType<RateLimit['count']> {
    const isKnown = this.counts.has(address) || this.counts.size < MAX_ADDRESSES;
    const key = isKnown ? address : 'others';
    this.counts.set(key, (this.counts.get(key) ?? 0) + 1);
    if (!this.timer) this.tell();
    return super.count(address);
  }

  /** Logs what was not yet. */
  stop(): void {
    this.tell();
    clearTimeout(this.timer);
  }

  private tell(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    if (this.counts.size === 0) return;
    const { everyMs = LINE_EVERY_MS, warn } = this.logging;
    warn(lineOf([...this.counts]));
    this.counts.clear();
    this.timer = setTimeout(() => this.tell(), everyMs).unref();
  }
}

function lineOf(counts: readonly (readonly [string, number])[]): string {
  const total = counts.reduce((sum, [, count]) => sum + count, 0);
  const most = [...counts].sort(([, a], [, b]) => b - a).slice(0, ADDRESSES_NAMED);
  const named = most.map(([address, count]) => `${address} (${count})`).join(', ');
  const more = counts.length > most.length ? ` and ${counts.length - most.length} more` : '';
  return `failed logins: ${total}, from ${named}${more}; an address is refused after API_AUTH_FAILURES in a minute`;
}
