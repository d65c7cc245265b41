import { setTimeout as delay } from 'node:timers/promises';
import { asError, PresenceError } from '../../wire/errors';
import { isAway, isClosed } from './errors';

const RETRY_FIRST_MS = 50;
const RETRY_MAX_MS = 1000;

export interface Patience {
  /** How long an operation waits for a database that is away. */
  readonly patienceMs: number;
  /** An attempt found the database away. @param reason in words, without URLs */
  readonly failed: (reason: string) => void;
  /** An attempt got an answer, be it a refusal. */
  readonly works: () => void;
}

/**
 * Runs an operation again until it works or patience ends. The driver itself repeats reads and writes of single documents, once; this
 * is for outages that last longer, and for writes of many documents. The operation must be safe to repeat: one whose answer
 * got lost, or is not waited for any more, may have been applied.
 *
 * @throws PresenceError STORE_UNAVAILABLE
 */
export async function withRetry<T>(operation: () => Promise<T>, { patienceMs, failed, works }: Patience): Promise<T> {
  const deadline = performance.now() + patienceMs;
  let before: unknown;
  for (let pauseMs = RETRY_FIRST_MS; ; pauseMs = Math.min(2 * pauseMs, RETRY_MAX_MS)) {
    try {
      const result = await withDeadline(operation(), deadline - performance.now(), patienceMs);
      works();
      return result;
    } catch (thrown) {
      if (thrown instanceof PresenceError) throw thrown;
      if (isClosed(thrown)) throw unavailable(thrown);
      const isGone = thrown instanceof NoAnswer || isAway(thrown);
      // Where the last attempt has come to no end, the one before says more.
      const reason = thrown instanceof NoAnswer ? (before ?? thrown) : thrown;
      if (isGone) failed(withoutUrls(asError(reason).message));
      else works();
      if (!isGone || performance.now() + pauseMs > deadline) throw unavailable(reason);
      before = reason;
    }
    await delay(pauseMs * (0.5 + Math.random() / 2));
  }
}

/** @param ms what is left of patience @throws NoAnswer */
async function withDeadline<T>(operation: Promise<T>, ms: number, patienceMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new NoAnswer(noAnswerFor(patienceMs))), ms);
  });
  return Promise.race([operation, late]).finally(() => clearTimeout(timer));
}

class NoAnswer extends Error {}

export const noAnswerFor = (ms: number): string => `no answer for ${(ms / 1000).toFixed(1)} s`;

function unavailable(thrown: unknown): PresenceError {
  return new PresenceError('STORE_UNAVAILABLE', `the database did not answer: ${withoutUrls(asError(thrown).message)}`);
}

/** Credentials stand in URLs only. */
export function withoutUrls(message: string): string {
  return message.replace(/mongodb(\+srv)?:\/\/\S+/gi, 'mongodb://…');
}
