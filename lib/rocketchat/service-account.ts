import { CallBudget } from './call-budget';
import { eraOf, type Era } from './era';
import { RocketChatFault } from './faults';
import { RestClient, type RestRequest } from './rest-client';

export interface ServiceAccountOptions {
  readonly url: string;
  readonly username: string;
  /** Never logged, and in no error. */
  readonly password: string;
  readonly client?: RestClient;
  readonly budget?: CallBudget;
}

interface Login {
  readonly userId: string;
  readonly authToken: string;
}

interface LoginAnswer {
  readonly data?: { readonly userId?: unknown; readonly authToken?: unknown };
}

const LOGIN = 'v1/login';

/** The account by which this node uses Rocket.Chat's REST API: logs in when it must, and calls no more often than it may. */
export class ServiceAccount {
  private readonly client: RestClient;
  private readonly budget: CallBudget;
  private login: Promise<Login> | undefined;

  constructor(private readonly options: ServiceAccountOptions) {
    const budget = (this.budget = options.budget ?? new CallBudget());
    this.client =
      options.client ?? new RestClient(options.url, { onLimit: (address, calls) => budget.learn(address, calls) });
  }

  /** Which Rocket.Chat it is; needs no login. @throws RocketChatFault */
  async era(): Promise<Era> {
    const { version } = await this.client.request<{ version?: unknown }>({ method: 'GET', path: 'info' });
    if (typeof version !== 'string') throw new RocketChatFault('NOT_ROCKETCHAT', 'it does not tell its version');
    return eraOf(version);
  }

  /** The account's user id. @throws RocketChatFault */
  async userId(): Promise<string> {
    return (await this.loggedIn()).userId;
  }

  /** How often an address may be called all the time, milliseconds from one call to the next. */
  everyMs(path: string): number {
    return this.budget.everyMs(path);
  }

  /** Rocket.Chat's clock, to the second, as far as its answers tell; epoch milliseconds. */
  get theirTimeMs(): number {
    return Date.now() + this.client.aheadMs;
  }

  /**
   * A call as the account; its turn may be a while away. A token that Rocket.Chat does not know any more is renewed once.
   *
   * @throws RocketChatFault, never TOO_MANY
   */
  async call<T>(request: RestRequest, signal?: AbortSignal): Promise<T> {
    const login = await this.loggedIn();
    try {
      return await this.callWith<T>(login, request, signal);
    } catch (error) {
      if (!(error instanceof RocketChatFault) || error.code !== 'UNAUTHENTICATED') throw error;
      const renewed = await this.renewed(login);
      return await this.callWith<T>(renewed, request, signal);
    }
  }

  private callWith<T>({ userId, authToken }: Login, request: RestRequest, signal?: AbortSignal): Promise<T> {
    const headers = { 'x-user-id': userId, 'x-auth-token': authToken };
    return this.budget.call(request.path, () => this.client.request<T>({ ...request, headers }), signal);
  }

  private loggedIn(): Promise<Login> {
    this.login ??= this.kept(this.logIn());
    return this.login;
  }

  /** Whoever comes with the same old login gets the same new one. */
  private async renewed(old: Login): Promise<Login> {
    const current = await this.login?.catch(() => undefined);
    if (current === old) this.login = undefined;
    return this.loggedIn();
  }

  /** A login that failed is not kept: the next call tries again. */
  private kept(login: Promise<Login>): Promise<Login> {
    login.catch(() => (this.login = undefined));
    return login;
  }

  private async logIn(): Promise<Login> {
    const { username: user, password } = this.options;
    const request: RestRequest = { method: 'POST', path: LOGIN, body: { user, password } };
    const { data } = await this.budget.call(LOGIN, () => this.client.request<LoginAnswer>(request));
    if (typeof data?.userId !== 'string' || typeof data.authToken !== 'string') {
      throw new RocketChatFault('NOT_ROCKETCHAT', 'the answer to the login holds no token');
    }
    return { userId: data.userId, authToken: data.authToken };
  }
}

/** One line for an operator: what is wrong with the account, and what mends it. */
export function adviceOn(
  fault: RocketChatFault,
  { url, username }: Pick<ServiceAccountOptions, 'url' | 'username'>,
): string {
  const account = `the account ${username} at ${url}`;
  switch (fault.code) {
    case 'UNAUTHENTICATED':
      return `${account}: wrong user name or password (ROCKETCHAT_USERNAME, ROCKETCHAT_PASSWORD)`;
    case 'TWO_FACTOR':
      return `${account} asks for a second factor: switch two-factor authentication off for this account`;
    case 'FORBIDDEN':
      return `${account}: ${fault.message}; it needs the role admin, or edit-other-user-info and view-full-other-user-info`;
    case 'NOT_ROCKETCHAT':
      return `ROCKETCHAT_URL ${url}: ${fault.message}`;
    default:
      return `${account}: ${fault.message}`;
  }
}
