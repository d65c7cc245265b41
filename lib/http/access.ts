import type { IncomingHttpHeaders } from 'node:http';

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
   * @throws PresenceError UNAUTHENTICATED (401); AUTH_UNAVAILABLE (503) where it cannot be found out now
   */
  callerOf(headers: IncomingHttpHeaders): Promise<Caller>;
  /**
   * By a token alone, for clients that cannot send headers.
   *
   * @returns undefined for one that nobody has
   * @throws PresenceError AUTH_UNAVAILABLE (503)
   */
  ofToken(token: string): Promise<Caller | undefined>;
}

export function allows(caller: Caller, scope: Scope): boolean {
  return ORDER.indexOf(caller.scope) >= ORDER.indexOf(scope);
}
