import { createHash } from 'node:crypto';
import { PresenceError } from '../wire/errors';
import { RocketChatFault } from '../rocketchat/faults';
import { RestClient } from '../rocketchat/rest-client';
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
  private readonly client: RestClient;

  constructor(options: RocketChatOptions) {
    this.upMs = options.upMs ?? (() => performance.now());
    this.client = new RestClient(options.url, { answersWithinMs: ANSWERS_WITHIN_MS });
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
    const { _id, username, roles } = await this.me(uid, token);
    if (_id !== uid) throw unauthenticated();
    const isAdmin = Array.isArray(roles) && roles.includes('admin');
    return { name: typeof username === 'string' ? username : uid, scope: isAdmin ? 'admin' : 'read', uid };
  }

  private async me(uid: string, token: string): Promise<Me> {
    const headers = { 'x-user-id': uid, 'x-auth-token': token };
    try {
      return await this.client.request<Me>({ method: 'GET', path: 'v1/me', headers });
    } catch (error) {
      if (!(error instanceof RocketChatFault)) throw error;
      throw saysNo(error) ? unauthenticated() : unavailable(error.message);
    }
  }
}

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
