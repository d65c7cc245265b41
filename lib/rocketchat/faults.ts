/**
 * Why Rocket.Chat did not do what it was asked to do.
 *
 * - `AWAY`: no answer, or 5xx. Later it may answer.
 * - `TOO_MANY`: its rate limit; `waitMs` is how long it wants to be left alone.
 * - `UNAUTHENTICATED`: it does not know the token (any more), or the password is wrong.
 * - `TWO_FACTOR`: the account needs a second factor, which nobody can give here.
 * - `FORBIDDEN`: the account lacks a permission.
 * - `REFUSED`: anything else that it will not do; `said` is its own code, `status` that of the answer.
 * - `NOT_ROCKETCHAT`: whatever answers there is none.
 */
export type RocketChatFaultCode =
  'AWAY' | 'TOO_MANY' | 'UNAUTHENTICATED' | 'TWO_FACTOR' | 'FORBIDDEN' | 'REFUSED' | 'NOT_ROCKETCHAT';

export class RocketChatFault extends Error {
  constructor(
    readonly code: RocketChatFaultCode,
    message: string,
    readonly details: { readonly said?: string; readonly status?: number; readonly waitMs?: number } = {},
  ) {
    super(message);
    this.name = 'RocketChatFault';
  }

  /** Whether the same may succeed later, with nothing changed by anybody. */
  get isPassing(): boolean {
    return this.code === 'AWAY' || this.code === 'TOO_MANY';
  }
}
