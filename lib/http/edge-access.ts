import type { IncomingHttpHeaders } from 'node:http';
import type { Config } from '../config/env';
import { IN_MEMORY } from '../store/embedded-store';
import { tooManyFailures, type Access, type Caller } from './access';
import type { RateLimit } from './rate-limit';
import { RocketChatAccess, unauthenticated } from './rocketchat-access';
import { localToken, TokenList, type LocalToken } from './tokens';

/** The name under which the node's own token goes. */
const LOCAL_NAME = 'local';
const BEARER = /^Bearer +(\S+) *$/i;

/** Everybody the configuration lets in: API_TOKENS, Rocket.Chat's users, or the node's own token where neither is given. */
export class EdgeAccess implements Access {
  private readonly tokens: TokenList;
  private readonly rocketChat: RocketChatAccess | undefined;

  /** @param failures failed authentications by address, over HTTP and WebSocket */
  constructor(
    private readonly config: Pick<Config, 'API_TOKENS' | 'ROCKETCHAT_URL' | 'DATA_DIR'>,
    private readonly failures: RateLimit,
  ) {
    this.tokens = new TokenList(config.API_TOKENS);
    if (config.ROCKETCHAT_URL) this.rocketChat = new RocketChatAccess({ url: config.ROCKETCHAT_URL, failures });
  }

  /**
   * Lets the node's own token in, where nobody else would be.
   *
   * @returns it, where it was made just now
   * @throws Error where the file of the token cannot be used
   */
  async open(): Promise<LocalToken | undefined> {
    const { API_TOKENS, ROCKETCHAT_URL, DATA_DIR } = this.config;
    if (API_TOKENS || ROCKETCHAT_URL) return undefined;
    const local = await localToken(DATA_DIR === IN_MEMORY ? undefined : DATA_DIR);
    this.tokens.add({ name: LOCAL_NAME, scope: 'admin', token: local.token });
    return local.isNew ? local : undefined;
  }

  async callerOf(headers: IncomingHttpHeaders, from?: string): Promise<Caller> {
    this.refuseIfUsedUp(from);
    const { authorization, 'x-user-id': uid, 'x-auth-token': token } = headers;
    const mayBeUser = authorization === undefined && typeof uid === 'string' && typeof token === 'string';
    if (this.rocketChat && mayBeUser) return this.rocketChat.callerOf(uid, token, from);
    const caller = this.tokens.callerOf(BEARER.exec(authorization ?? '')?.[1] ?? '');
    if (!caller) throw this.failed(from);
    return caller;
  }

  /** Users of Rocket.Chat give `USERID:AUTHTOKEN`. */
  async ofToken(token: string, from?: string): Promise<Caller | undefined> {
    this.refuseIfUsedUp(from);
    const caller = this.tokens.callerOf(token);
    if (caller) return caller;
    const colon = token.indexOf(':');
    try {
      if (!this.rocketChat || colon < 1) throw this.failed(from);
      return await this.rocketChat.callerOf(token.slice(0, colon), token.slice(colon + 1), from);
    } catch (error) {
      if ((error as { type?: unknown }).type === 'UNAUTHENTICATED') return undefined;
      throw error;
    }
  }

  private failed(from: string | undefined): Error {
    if (from !== undefined) this.failures.count(from);
    return unauthenticated();
  }

  refuseIfUsedUp(from: string | undefined): void {
    const standing = from === undefined ? undefined : this.failures.isUsedUp(from);
    if (standing) throw tooManyFailures(standing.resetS);
  }
}
