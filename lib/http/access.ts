import type { IncomingHttpHeaders } from 'node:http';
import { PresenceError } from '../wire/errors';

/** What a caller may do; admin includes write includes read. */
export type Scope = 'read' | 'write' | 'admin';

const ORDER: readonly Scope[] = ['read', 'write', 'admin'];

/** Whoever was let in. */
export interface Caller {
  /** For logs and limits; never the token. */
  readonly name: string;
  readonly scope: Scope;
  /** The user it is, where callers are users: of himself he may set the status whatever his scope. */
  readonly uid?: string;
}

/** Who is let in, by what a request brings along. */
export interface Access {
  /**
   * By the headers of a request.
   *
   * @param from the address of a new caller, at which failures are counted; absent for one that was let in before
   * @throws PresenceError UNAUTHENTICATED (401); RATE_LIMITED (429) after too many failures; AUTH_UNAVAILABLE (503) where it
   * cannot be found out now. The last two may say when to try again (retryAfterOf)
   */
  callerOf(headers: IncomingHttpHeaders, from?: string): Promise<Caller>;
  /**
   * By a token alone, for clients that cannot send headers.
   *
   * @returns undefined for a token that no caller has
   * @throws PresenceError RATE_LIMITED (429), AUTH_UNAVAILABLE (503)
   */
  ofToken(token: string, from?: string): Promise<Caller | undefined>;
  /** @throws PresenceError RATE_LIMITED (429) where too many authentications of an address have failed */
  refuseIfUsedUp(from: string | undefined): void;
}

/** The key of a caller's limits. Users may be named as tokens are. */
export function limitKeyOf({ name, uid }: Caller): string {
  return uid === undefined ? `token:${name}` : `user:${uid}`;
}

/** An error after which the same may succeed. @param afterS seconds */
export function againAfter(code: 'RATE_LIMITED' | 'AUTH_UNAVAILABLE', what: string, afterS: number): PresenceError {
  return new PresenceError(code, `${what}; again in ${afterS} s`, { retryAfterS: afterS });
}

export function tooManyFailures(afterS: number): PresenceError {
  return againAfter('RATE_LIMITED', 'too many failed authentications', afterS);
}

/** Seconds, where an error says so. */
export function retryAfterOf(error: unknown): number | undefined {
  const { data } = (error ?? {}) as { data?: { retryAfterS?: unknown } };
  return typeof data?.retryAfterS === 'number' ? data.retryAfterS : undefined;
}

export function allows(caller: Caller, scope: Scope): boolean {
  return ORDER.indexOf(caller.scope) >= ORDER.indexOf(scope);
}
