import { randomBytes } from 'node:crypto';
import http from 'node:http';
import { close, listen } from '../../lib/http/listen';
import { freePort } from './free-port';
import { answersOf, type Asked } from './rocketchat-rest-answers';
import { Windows, type Window } from './rocketchat-rest-limits';

/** A user as Rocket.Chat has him, as far as its REST surface tells. */
export interface RestUser {
  readonly _id: string;
  username: string;
  name?: string;
  type?: string;
  roles?: string[];
  active?: boolean;
  status: 'online' | 'away' | 'busy' | 'offline';
  statusDefault?: string;
  statusConnection?: string;
  statusText?: string;
  statusSource?: string;
  statusExpiresAt?: Date;
  _updatedAt: Date;
}

export interface RestOptions {
  readonly version?: string;
  /** Calls an address may get in a window; contract 6 unless given. */
  readonly limits?: Readonly<Record<string, Window>>;
  readonly defaultLimit?: Window;
  readonly username?: string;
  readonly password?: string;
}

export interface Recorded {
  readonly at: number;
  readonly method: string;
  /** After `/api/`. */
  readonly address: string;
  readonly query: string;
  readonly status: number;
}

const DEFAULT_LIMIT: Window = { calls: 10, perMs: 60_000 };
const LIMITS = { 'v1/users.setStatus': { calls: 5, perMs: 60_000 } };

/**
 * Rocket.Chat's REST surface, as contract section 6 tells it: answers, permissions, rate limits, tokens that end. Written from
 * the contract, not from the code that is tested with it.
 */
export class RocketChatRest {
  readonly users = new Map<string, RestUser>();
  readonly requests: Recorded[] = [];
  readonly permissions = new Set(['edit-other-user-info', 'view-full-other-user-info', 'manage-user-status']);
  /** Settings by their names, true unless said otherwise. */
  readonly settings = new Map<string, boolean>([['Presence_broadcast_disabled', false]]);
  readonly tokens = new Map<string, string>();
  twoFactor = false;
  /** Looked at before anything else: what it returns is answered in place of the real thing. */
  fault: (
    address: string,
  ) => { readonly status: number; readonly body?: string; readonly afterMs?: number } | undefined = () => undefined;
  readonly account: { readonly username: string; password: string };
  readonly version: string;
  private readonly windows: Windows;
  private server: http.Server | undefined;

  private constructor(
    private readonly port: number,
    { version = '8.6.0', limits = LIMITS, defaultLimit = DEFAULT_LIMIT, username, password }: RestOptions,
  ) {
    this.version = version;
    this.windows = new Windows(limits, defaultLimit);
    this.account = {
      username: username ?? 'presence-service',
      password: password ?? randomBytes(9).toString('base64url'),
    };
    this.put({ _id: 'service', username: this.account.username, roles: ['admin'], status: 'offline' });
  }

  static async start(options: RestOptions = {}): Promise<RocketChatRest> {
    const rest = new RocketChatRest(await freePort(), options);
    await rest.up();
    return rest;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Whether it is 8.6 or newer (contract 0.2). */
  get tellsSources(): boolean {
    const [major = 0, minor = 0] = this.version.split('.').map(Number);
    return major > 8 || (major === 8 && minor >= 6);
  }

  /** What a node is started with to use it. */
  get env(): Record<string, string> {
    const { username, password } = this.account;
    return { ROCKETCHAT_URL: this.url, ROCKETCHAT_USERNAME: username, ROCKETCHAT_PASSWORD: password };
  }

  put(user: Omit<RestUser, '_updatedAt'> & { readonly _updatedAt?: Date }): void {
    this.users.set(user._id, { _updatedAt: new Date(), active: true, ...user });
  }

  /** As core changes a user: seen from outside by `_updatedAt`. */
  change(uid: string, changed: Partial<RestUser>): void {
    Object.assign(this.users.get(uid)!, changed, { _updatedAt: new Date() });
  }

  expireTokens(): void {
    this.tokens.clear();
  }

  /** Requests to one address so far. */
  asked(address: string): Recorded[] {
    return this.requests.filter((request) => request.address === address);
  }

  async up(): Promise<void> {
    if (this.server) return;
    this.server = http.createServer((req, res) => void this.answer(req, res));
    await listen(this.server, { variable: 'PORT', port: this.port, host: '127.0.0.1' });
  }

  async away(): Promise<void> {
    const { server } = this;
    this.server = undefined;
    if (server) await close(server);
  }

  private async answer(req: http.IncomingMessage, res: http.ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(req.url!, this.url);
    const address = pathname.replace(/^\/api\//, '');
    const chunks: Buffer[] = [];
    for await (const chunk of req) chunks.push(chunk as Buffer);
    const fault = this.fault(address);
    const end = (status: number, body: string, type = 'application/json') => {
      this.requests.push({ at: Date.now(), method: req.method!, address, query: searchParams.toString(), status });
      res.writeHead(status, { 'content-type': type }).end(body);
    };
    if (fault) {
      const wait = fault.afterMs ?? 0;
      return void setTimeout(end, wait, fault.status, fault.body ?? '<html>Bad gateway</html>', 'text/html').unref();
    }
    const { isOver, limit, remaining, resetAtMs } = this.windows.count(address);
    res.setHeader('x-ratelimit-limit', limit);
    res.setHeader('x-ratelimit-remaining', remaining);
    res.setHeader('x-ratelimit-reset', resetAtMs);
    if (isOver) return end(429, JSON.stringify({ success: false, error: 'error-too-many-requests' }));
    const asked: Asked = {
      method: req.method!,
      query: searchParams,
      body: Buffer.concat(chunks).toString(),
      userId: this.userIdOf(req.headers),
    };
    const { status, body } = answersOf(this, address, asked);
    end(status, JSON.stringify(body));
  }

  private userIdOf({ 'x-auth-token': token, 'x-user-id': uid }: http.IncomingHttpHeaders): string | undefined {
    return typeof token === 'string' && this.tokens.get(token) === uid ? uid : undefined;
  }
}
