import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { PresenceError } from '../wire/errors';
import { RocketChatFault } from '../rocketchat/faults';
import { RestClient } from '../rocketchat/rest-client';
import { againAfter, retryAfterOf, type Caller } from './access';
import { LoginChecks } from './login-checks';
import type { RateLimit } from './rate-limit';

export interface RocketChatOptions {
  /** Rocket.Chat's own address, e.g. `https://chat.example.org`. */
  readonly url: string;
  /** Failed authentications, by address: a login that Rocket.Chat refuses is counted there. */
  readonly failures: Pick<RateLimit, 'count' | 'left' | 'isUsedUp'>;
  /** Monotonic, milliseconds. */
  readonly upMs?: () => number;
  /** How long a caller waits for their turn, milliseconds. */
  readonly patienceMs?: number;
}

interface Login {
  readonly uid: string;
  readonly token: string;
  /** Absent where the caller was let in before. */
  readonly from: string | undefined;
}

interface Known {
  readonly caller: Caller;
  readonly answeredAtMs: number;
}

interface Refused {
  readonly error: Error;
  readonly untilMs: number;
}

/** What of `GET /api/v1/me` is looked at. */
interface Me {
  readonly _id?: unknown;
  readonly username?: unknown;
  readonly roles?: unknown;
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const KNOWN_FOR_MS = MINUTE;
/** While Rocket.Chat takes no more questions. By its default limit of 10 a minute 150 callers are asked about in that time. */
export const KNOWN_WITHOUT_ASKING_MS = 15 * MINUTE;
/** A refusal, too: one that was a mistake of the moment must not last. */
const REFUSED_FOR_MS = 5 * SECOND;
const MAX_KNOWN = 10_000;
const ANSWERS_WITHIN_MS = 5 * SECOND;
const PATIENCE_MS = 5 * SECOND;
/** What Rocket.Chat makes; anything else is not worth asking. */
const CREDENTIAL = /^[\w.~+/=-]{1,256}$/;

/** Users of Rocket.Chat, known by their user id and login token, which Rocket.Chat itself is asked about, no more often than it takes. */
export class RocketChatAccess {
  private readonly known = new Map<string, Known>();
  /** Apart from those who are known, none of whom is forgotten for wrong logins, however many. */
  private readonly refused = new Map<string, Refused>();
  private readonly asked = new Map<string, Promise<Caller>>();
  private readonly upMs: () => number;
  private readonly checks: LoginChecks;
  private readonly client: RestClient;

  constructor(private readonly options: RocketChatOptions) {
    this.upMs = options.upMs ?? (() => performance.now());
    const checks = (this.checks = new LoginChecks({ failures: options.failures, upMs: this.upMs }));
    this.client = new RestClient(options.url, {
      answersWithinMs: ANSWERS_WITHIN_MS,
      onAllowance: (allowance) => checks.heed(allowance),
    });
  }

  /**
   * A user may read, and set their own status; a user with the role `admin` may do everything.
   *
   * @param from the address of a caller that is not let in yet
   * @throws PresenceError UNAUTHENTICATED; RATE_LIMITED; AUTH_UNAVAILABLE where Rocket.Chat does not say, or not yet: a login that waits
   * for its turn keeps it, so that the caller is known when they come again
   */
  async callerOf(uid: string, token: string, from?: string): Promise<Caller> {
    if (!CREDENTIAL.test(uid) || !CREDENTIAL.test(token)) throw this.failed(from);
    const key = createHash('sha256').update(`${uid}\0${token}`).digest('base64');
    const known = this.known.get(key);
    const ageMs = this.upMs() - (known?.answeredAtMs ?? -Infinity);
    if (known && ageMs < KNOWN_FOR_MS) return known.caller;
    const refused = this.refused.get(key);
    if (refused && refused.untilMs > this.upMs()) throw isNo(refused.error) ? this.failed(from) : refused.error;
    const caller = await this.inTime(this.answerTo(key, { uid, token, from: known ? undefined : from }));
    if (caller) return caller;
    // A limit of Rocket.Chat must not lock out a caller that it let in a short while ago. Their turn comes.
    if (known && this.checks.restMs > 0 && ageMs < KNOWN_WITHOUT_ASKING_MS) return known.caller;
    const afterS = Math.max(1, Math.ceil(this.checks.restMs / SECOND));
    throw againAfter('AUTH_UNAVAILABLE', 'Rocket.Chat takes no more questions about logins now', afterS);
  }

  /** Logins that are remembered. */
  get size(): number {
    return this.known.size;
  }

  /** The answer, where it comes while a caller waits. */
  private async inTime(answer: Promise<Caller>): Promise<Caller | undefined> {
    const patienceMs = this.options.patienceMs ?? PATIENCE_MS;
    if (this.checks.restMs > patienceMs) return undefined;
    const late = new AbortController();
    const waited = delay(patienceMs, undefined, { ref: false, signal: late.signal }).catch(() => undefined);
    return Promise.race([answer, waited]).finally(() => late.abort());
  }

  /** Who asks about the same login waits for the same answer. */
  private answerTo(key: string, login: Login): Promise<Caller> {
    const asked = this.asked.get(key);
    if (asked) return asked;
    const answer = this.checks
      .ask(login.from, () => this.ask(login))
      .then(
        (caller) => this.remember(key, caller),
        (error: Error) => this.forget(key, error),
      )
      .finally(() => this.asked.delete(key));
    this.asked.set(key, answer);
    answer.catch(() => undefined); // it may come when no caller waits for it any more
    return answer;
  }

  private remember(key: string, caller: Caller): Caller {
    put(this.known, key, { caller, answeredAtMs: this.upMs() });
    return caller;
  }

  private forget(key: string, error: Error): never {
    // An error that says when to come again is of the line before Rocket.Chat, which has said nothing.
    if (retryAfterOf(error) === undefined) {
      this.known.delete(key);
      put(this.refused, key, { error, untilMs: this.upMs() + REFUSED_FOR_MS });
    }
    throw error;
  }

  private async ask(login: Login): Promise<Caller> {
    const { uid, from } = login;
    try {
      const { _id, username, roles } = await this.me(login);
      if (_id !== uid) throw this.failed(from);
      const isAdmin = Array.isArray(roles) && roles.includes('admin');
      return { name: typeof username === 'string' ? username : uid, scope: isAdmin ? 'admin' : 'read', uid };
    } catch (error) {
      if (!(error instanceof RocketChatFault) || error.code === 'TOO_MANY') throw error;
      throw saysNo(error) ? this.failed(from) : unavailable(error.message);
    }
  }

  private me({ uid, token }: Login): Promise<Me> {
    const headers = { 'x-user-id': uid, 'x-auth-token': token };
    return this.client.request<Me>({ method: 'GET', path: 'v1/me', headers });
  }

  private failed(from: string | undefined): PresenceError {
    if (from !== undefined) this.options.failures.count(from);
    return unauthenticated();
  }
}

/** The entry that was put there first goes first; Rocket.Chat is asked about it again. */
function put<T>(entries: Map<string, T>, key: string, entry: T): void {
  entries.delete(key);
  entries.set(key, entry);
  if (entries.size > MAX_KNOWN) entries.delete(entries.keys().next().value!);
}

const isNo = (error: Error): boolean => error instanceof PresenceError && error.type === 'UNAUTHENTICATED';

/** Whether Rocket.Chat has said that it is nobody, or only that it cannot say. */
function saysNo({ code, details }: RocketChatFault): boolean {
  return code === 'UNAUTHENTICATED' || code === 'FORBIDDEN' || (code === 'REFUSED' && details.status === 200);
}

export function unauthenticated(): PresenceError {
  return new PresenceError('UNAUTHENTICATED', 'a valid token is needed');
}

function unavailable(why: string): PresenceError {
  return new PresenceError('AUTH_UNAVAILABLE', `Rocket.Chat cannot be asked who the caller is: ${why}`);
}
