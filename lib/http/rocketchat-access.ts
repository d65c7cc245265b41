import { createHash } from 'node:crypto';
import { PresenceError } from '../errors';
import type { Caller } from './access';

export interface RocketChatOptions {
  /** Rocket.Chat's own address, e.g. `https://chat.example.org`. */
  readonly url: string;
  /** Monotonic, milliseconds. */
  readonly upMs?: () => number;
}

interface Known {
  readonly answer: Promise<Caller>;
  untilMs: number;
}

/** What of `GET /api/v1/me` is looked at. */
interface Me {
  readonly success?: unknown;
  readonly _id?: unknown;
  readonly username?: unknown;
  readonly roles?: unknown;
}

const KNOWN_FOR_MS = 60_000;
/** A refusal, too: one that was a mistake of the moment must not last. */
const REFUSED_FOR_MS = 5_000;
const MAX_KNOWN = 10_000;
const ANSWERS_WITHIN_MS = 5_000;
/** What Rocket.Chat makes; anything else is not worth asking. */
const CREDENTIAL = /^[\w.~+/=-]{1,256}$/;

/** Users of Rocket.Chat, known by their user id and login token, which Rocket.Chat itself is asked about. */
export class RocketChatAccess {
  private readonly known = new Map<string, Known>();
  private readonly upMs: () => number;

  constructor(private readonly options: RocketChatOptions) {
    this.upMs = options.upMs ?? (() => performance.now());
  }

  /**
   * A user may read, and set his own status; who has the role `admin` may do everything.
   *
   * @throws PresenceError UNAUTHENTICATED; AUTH_UNAVAILABLE where Rocket.Chat does not say: nobody is let in then who
   * was not a minute ago
   */
  callerOf(uid: string, token: string): Promise<Caller> {
    if (!CREDENTIAL.test(uid) || !CREDENTIAL.test(token)) return Promise.reject(unauthenticated());
    const key = createHash('sha256').update(`${uid}\0${token}`).digest('base64');
    const known = this.known.get(key);
    if (known && known.untilMs > this.upMs()) return known.answer;
    return this.remember(key, this.ask(uid, token));
  }

  /** Answers that are remembered. */
  get size(): number {
    return this.known.size;
  }

  private remember(key: string, answer: Promise<Caller>): Promise<Caller> {
    const entry: Known = { answer, untilMs: this.upMs() + KNOWN_FOR_MS };
    this.known.delete(key);
    this.known.set(key, entry);
    answer.catch(() => (entry.untilMs = this.upMs() + REFUSED_FOR_MS));
    // The oldest go first; whoever is still there is asked about again.
    if (this.known.size > MAX_KNOWN) this.known.delete(this.known.keys().next().value!);
    return answer;
  }

  private async ask(uid: string, token: string): Promise<Caller> {
    const response = await this.me(uid, token);
    if (response.status === 401 || response.status === 403) throw unauthenticated();
    if (!response.ok) throw unavailable(`it answered ${response.status}`);
    const me = await response.json().catch(() => undefined);
    if (typeof me !== 'object' || me === null) throw unavailable('its answer is no JSON');
    const { success, _id, username, roles } = me as Me;
    if (success === false || _id !== uid) throw unauthenticated();
    const isAdmin = Array.isArray(roles) && roles.includes('admin');
    return { name: typeof username === 'string' ? username : uid, scope: isAdmin ? 'admin' : 'read', uid };
  }

  private async me(uid: string, token: string): Promise<Response> {
    try {
      return await fetch(`${this.options.url.replace(/\/+$/, '')}/api/v1/me`, {
        headers: { 'x-user-id': uid, 'x-auth-token': token, accept: 'application/json' },
        redirect: 'error',
        signal: AbortSignal.timeout(ANSWERS_WITHIN_MS),
      });
    } catch {
      throw unavailable('it does not answer');
    }
  }
}

export function unauthenticated(): PresenceError {
  return new PresenceError('UNAUTHENTICATED', 'a valid token is needed');
}

function unavailable(why: string): PresenceError {
  return new PresenceError('AUTH_UNAVAILABLE', `Rocket.Chat cannot be asked who the caller is: ${why}`);
}
