import type http from 'node:http';
import { againAfter, limitKeyOf, retryAfterOf, type Access, type Caller } from './access';
import { addressOf } from './address';
import type { RateLimit } from './rate-limit';

export interface DoorwayOptions {
  readonly access: Access;
  /** Requests, by caller; WebSocket clients' connections and subscriptions count too. */
  readonly requests: RateLimit;
  /** Proxies before this node, each of which adds the address it sees to X-Forwarded-For. */
  readonly proxies: number;
}

/** Where everybody passes before anything is read or asked for him. */
export class Doorway {
  constructor(private readonly options: DoorwayOptions) {}

  /**
   * @returns who asks; how he stands is told in the answer's headers
   * @throws PresenceError UNAUTHENTICATED, AUTH_UNAVAILABLE, RATE_LIMITED
   */
  async enter(req: http.IncomingMessage, res: http.ServerResponse): Promise<Caller> {
    const { access, requests, proxies } = this.options;
    const caller = await access.callerOf(req.headers, addressOf(req, proxies)).catch((error: unknown) => {
      const afterS = retryAfterOf(error);
      if (afterS !== undefined) res.setHeader('retry-after', afterS);
      throw error;
    });
    const standing = requests.count(limitKeyOf(caller));
    if (!standing) return caller;
    res.setHeader('ratelimit-limit', standing.limit);
    res.setHeader('ratelimit-remaining', standing.remaining);
    res.setHeader('ratelimit-reset', standing.resetS);
    if (!standing.isOver) return caller;
    res.setHeader('retry-after', standing.resetS);
    throw againAfter('RATE_LIMITED', 'too many requests', standing.resetS);
  }
}
