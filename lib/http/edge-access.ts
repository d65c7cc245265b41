import type { IncomingHttpHeaders } from 'node:http';
import type { Config } from '../config/env';
import { IN_MEMORY } from '../store/embedded-store';
import type { Access, Caller } from './access';
import { RocketChatAccess, unauthenticated } from './rocketchat-access';
import { localToken, TokenList, type LocalToken } from './tokens';

/** The name under which the node's own token goes. */
const LOCAL_NAME = 'local';
const BEARER = /^Bearer +(\S+) *$/i;

/** Everybody the configuration lets in: API_TOKENS, Rocket.Chat's users, or the node's own token where neither is given. */
export class EdgeAccess implements Access {
  private readonly tokens: TokenList;
  private readonly rocketChat: RocketChatAccess | undefined;

  constructor(private readonly config: Pick<Config, 'API_TOKENS' | 'ROCKETCHAT_URL' | 'DATA_DIR'>) {
    this.tokens = new TokenList(config.API_TOKENS);
    if (config.ROCKETCHAT_URL) this.rocketChat = new RocketChatAccess({ url: config.ROCKETCHAT_URL });
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

  async callerOf(headers: IncomingHttpHeaders): Promise<Caller> {
    const { authorization, 'x-user-id': uid, 'x-auth-token': token } = headers;
    if (authorization !== undefined) {
      const caller = this.tokens.callerOf(BEARER.exec(authorization)?.[1] ?? '');
      if (!caller) throw unauthenticated();
      return caller;
    }
    if (!this.rocketChat || typeof uid !== 'string' || typeof token !== 'string') throw unauthenticated();
    return this.rocketChat.callerOf(uid, token);
  }

  /** Users of Rocket.Chat give `USERID:AUTHTOKEN`. */
  async ofToken(token: string): Promise<Caller | undefined> {
    const caller = this.tokens.callerOf(token);
    const colon = token.indexOf(':');
    if (caller || !this.rocketChat || colon < 1) return caller;
    try {
      return await this.rocketChat.callerOf(token.slice(0, colon), token.slice(colon + 1));
    } catch (error) {
      if ((error as { type?: unknown }).type === 'UNAUTHENTICATED') return undefined;
      throw error;
    }
  }

  /** Whether finding out about these headers may mean asking somebody else. */
  asksOthers({ authorization }: IncomingHttpHeaders): boolean {
    return this.rocketChat !== undefined && authorization === undefined;
  }
}
