import { setTimeout as delay } from 'node:timers/promises';

export interface KeptCallsOptions {
  /** Whether this replica is about to leave. */
  readonly isStopping: () => boolean;
  /** Of a call whose caller names no time-out, milliseconds. */
  readonly timeoutMs: number;
  /** Monotonic milliseconds. */
  readonly clock?: () => number;
}

export interface KeptCall<T> {
  /** The caller's time-out, milliseconds. */
  readonly timeoutMs: number | undefined;
  /** Carries the call out. May be repeated. */
  readonly attempt: () => Promise<T>;
  /** Has another replica carry it out; undefined where there is none. */
  readonly passOn: () => Promise<T> | undefined;
}

/** What passes by itself: this replica's or the store's load, an outage, a replica that leaves. */
const PASSING: ReadonlySet<unknown> = new Set([
  'BUSY',
  'STOPPING',
  'CONFLICT',
  'STORE_UNAVAILABLE',
  'KEEPER_UNAVAILABLE',
  'REQUEST_REJECTED',
  'SERVICE_NOT_FOUND',
  'SERVICE_NOT_AVAILABLE',
]);
const PAUSE_MS = [25, 1_000] as const;
/** An error must reach its caller within the caller's time-out: a tenth of that is left for the way, a second at most. */
const MARGIN = 0.1;
const MAX_MARGIN_MS = 1_000;
/** A replica that leaves waits so long for its last calls. */
const LEAVE_WITHIN_MS = 10_000;

/**
 * Calls that are rejected as the last resort: the genuine ddp-streamer leaves the promises of logins and logouts
 * unhandled, and a rejection ends its process. A failure that passes by itself is tried again for as long as the caller
 * waits; a replica that stops has another carry the call out.
 */
export class KeptCalls {
  private readonly running = new Set<Promise<unknown>>();

  constructor(private readonly options: KeptCallsOptions) {}

  /** @throws what the last attempt has thrown */
  run<T>(call: KeptCall<T>): Promise<T> {
    const outcome = this.keep(call).finally(() => this.running.delete(outcome));
    this.running.add(outcome);
    return outcome;
  }

  /** Resolves once none is under way. */
  async ended(): Promise<void> {
    const timer = new AbortController();
    const late = delay(LEAVE_WITHIN_MS, undefined, { signal: timer.signal }).catch(() => undefined);
    await Promise.race([Promise.allSettled(this.running), late]);
    timer.abort();
  }

  private async keep<T>({ timeoutMs, attempt, passOn }: KeptCall<T>): Promise<T> {
    const { isStopping, clock = () => performance.now() } = this.options;
    const withinMs = timeoutMs || this.options.timeoutMs;
    const untilMs = clock() + withinMs - Math.min(MARGIN * withinMs, MAX_MARGIN_MS);
    const [first, longest] = PAUSE_MS;
    let failed: { readonly error: unknown } | undefined;
    for (let pauseMs: number = first; ; pauseMs = Math.min(2 * pauseMs, longest)) {
      try {
        const passed = failed && isStopping() ? passOn() : undefined;
        // This replica takes no more calls, and there is no other.
        if (failed && !passed && typeOf(failed.error) === 'STOPPING') throw failed.error;
        return await (passed ?? attempt());
      } catch (error) {
        const isLast = clock() + pauseMs >= untilMs;
        if (isLast || error === failed?.error || !PASSING.has(typeOf(error))) throw error;
        failed = { error };
      }
      await delay(isStopping() ? first : pauseMs);
    }
  }
}

function typeOf(error: unknown): unknown {
  return (error as { type?: unknown } | undefined)?.type;
}
