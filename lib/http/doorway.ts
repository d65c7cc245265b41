import type http from 'node:http';
import { PresenceError } from '../wire/errors';
import type { Access, Caller } from './access';
import { addressOf } from './address';
import { RateLimit, type Standing } from './rate-limit';

export interface DoorwayOptions {
  readonly access: Access;
  /** Requests a minute and caller; 0: not limited. */
  readonly rateLimit: number;
  /** Failed authentications, by address; WebSocket clients' count too. */
  readonly failures: RateLimit;
  /** Proxies before this node, each of which adds the address it sees to X-Forwarded-For. */
  readonly proxies: number;
}

/** Where everybody passes before anything is read or asked for him. */
export class Doorway {
  private readonly requests: RateLimit;

  constructor(private readonly options: DoorwayOptions) {
    this.requests = new RateLimit({ limit: options.rateLimit });
  }

  /**
   * @returns who asks; how he stands is told in the answer's headers
   * @throws PresenceError UNAUTHENTICATED, AUTH_UNAVAILABLE, RATE_LIMITED
   */
  async enter(req: http.IncomingMessage, res: http.ServerResponse): Promise<Caller> {
    const { access, failures, proxies } = this.options;
    const address = addressOf(req, proxies);
    refuseIfOver(res, await failures.isUsedUp(address), 'too many failed authentications');
    const caller = await access.callerOf(req.headers).catch(async (thrown: unknown) => {
      if ((thrown as { type?: unknown }).type === 'UNAUTHENTICATED') await failures.count(address);
      throw thrown;
    });
    const standing = await this.requests.count(caller.name);
    if (standing) {
      res.setHeader('ratelimit-limit', standing.limit);
      res.setHeader('ratelimit-remaining', standing.remaining);
      res.setHeader('ratelimit-reset', standing.resetS);
    }
    refuseIfOver(res, standing, 'too many requests');
    return caller;
  }
}

function refuseIfOver(res: http.ServerResponse, standing: Standing | undefined, what: string): void {
  if (!standing?.isOver) return;
  res.setHeader('retry-after', standing.resetS);
  throw new PresenceError('RATE_LIMITED', `${what}; again in ${standing.resetS} s`);
}
