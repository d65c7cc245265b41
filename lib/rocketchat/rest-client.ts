import { RocketChatFault } from './faults';

export interface RestRequest {
  readonly method: 'GET' | 'POST';
  /** After `/api/`, e.g. `v1/users.presence`. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | undefined>>;
  /** A function is asked when the request is made, which may be a while after it was asked for. */
  readonly body?: object | (() => object);
  readonly headers?: Readonly<Record<string, string>>;
}

/** Of a body what is looked at before anything else (contract 6: success bodies carry `success: true`). */
interface Body {
  readonly success?: unknown;
  readonly status?: unknown;
  readonly error?: unknown;
  readonly errorType?: unknown;
  readonly message?: unknown;
}

/** What Rocket.Chat still takes at one address, as it says itself. */
export interface Allowance {
  readonly remaining: number;
  /** Milliseconds until its window ends. */
  readonly resetMs: number;
}

export interface RestClientOptions {
  /** Told with each answer that says so. */
  readonly onAllowance?: (allowance: Allowance) => void;
  /** Told how many calls of an address Rocket.Chat says it takes in a window. */
  readonly onLimit?: (address: string, calls: number) => void;
  readonly answersWithinMs?: number;
}

const SECOND = 1000;
const ANSWERS_WITHIN_MS = 10 * SECOND;
/** A page of users is far below it; what is longer is none of Rocket.Chat's answers. */
const LONGEST_ANSWER = 32 * 1024 * 1024;
/** They say enough without a body. */
const REFUSALS = [401, 403];
/** Rocket.Chat's own window (contract 6), where it does not say how long it wants to be left alone. */
const LEAVE_ALONE_MS = 60 * SECOND;
/** What it asks for beyond this is a mistake, or its clock. */
const LONGEST_REST_MS = 10 * LEAVE_ALONE_MS;

/** Rocket.Chat's REST API: one request, and what became of it. Neither body nor header is in any error. */
export class RestClient {
  private readonly base: string;
  private ahead = 0;

  /** @param url Rocket.Chat's own address, e.g. `https://chat.example.org` */
  constructor(
    url: string,
    private readonly options: RestClientOptions = {},
  ) {
    this.base = `${url.replace(/\/+$/, '')}/api/`;
  }

  /** How far Rocket.Chat's clock is ahead of this node's, by its latest answer; milliseconds, to the second. */
  get aheadMs(): number {
    return this.ahead;
  }

  /**
   * @returns the body of a success
   * @throws RocketChatFault
   */
  async request<T>(request: RestRequest): Promise<T> {
    const response = await this.send(request);
    const servedAtMs = Date.parse(response.headers.get('date') ?? '');
    if (!Number.isNaN(servedAtMs)) this.ahead = servedAtMs - Date.now();
    const calls = Number(response.headers.get('x-ratelimit-limit'));
    if (calls > 0) this.options.onLimit?.(request.path, calls);
    const allowance = allowanceOf(response.headers, Date.now() + this.ahead);
    if (allowance) this.options.onAllowance?.(allowance);
    const text = await bodyOf(response);
    if (response.status === 429) throw tooMany(response);
    if (response.status >= 500) throw new RocketChatFault('AWAY', `Rocket.Chat answered ${response.status}`);
    const body = parsed(text) ?? (REFUSALS.includes(response.status) ? {} : undefined);
    if (!body) throw new RocketChatFault('NOT_ROCKETCHAT', `what answers is not Rocket.Chat (${response.status})`);
    if (response.ok && body.success !== false && body.status !== 'error') return body as T;
    throw refusal(response.status, body);
  }

  private async send({ method, path, query = {}, body: given, headers = {} }: RestRequest): Promise<Response> {
    const body = typeof given === 'function' ? (given as () => object)() : given;
    const asked = Object.entries(query).filter((entry): entry is [string, string] => entry[1] !== undefined);
    const search = asked.length > 0 ? `?${new URLSearchParams(asked).toString()}` : '';
    try {
      return await fetch(`${this.base}${path}${search}`, {
        method,
        headers: { accept: 'application/json', ...(body && { 'content-type': 'application/json' }), ...headers },
        body: body && JSON.stringify(body),
        // Credentials are not carried to wherever somebody points.
        redirect: 'error',
        signal: AbortSignal.timeout(this.options.answersWithinMs ?? ANSWERS_WITHIN_MS),
      });
    } catch (error) {
      throw new RocketChatFault('AWAY', `Rocket.Chat cannot be reached: ${reasonOf(error)}`);
    }
  }
}

/** @throws RocketChatFault AWAY where the answer breaks off; NOT_ROCKETCHAT where it does not end */
async function bodyOf(response: Response): Promise<string> {
  if (!response.body) return '';
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
      length += chunk.length;
      if (length > LONGEST_ANSWER) break;
      chunks.push(chunk);
    }
  } catch (error) {
    throw new RocketChatFault('AWAY', `Rocket.Chat's answer broke off: ${reasonOf(error)}`);
  }
  if (length > LONGEST_ANSWER) throw new RocketChatFault('NOT_ROCKETCHAT', 'the answer is longer than any of its own');
  return Buffer.concat(chunks).toString();
}

function allowanceOf(headers: Headers, theirTimeMs: number): Allowance | undefined {
  const [remaining, reset] = ['remaining', 'reset'].map((name) => headers.get(`x-ratelimit-${name}`));
  if (remaining == null || reset == null || !(Number(remaining) >= 0)) return undefined;
  const resetMs = Number(reset) - theirTimeMs;
  return resetMs > 0 ? { remaining: Number(remaining), resetMs: Math.min(resetMs, LONGEST_REST_MS) } : undefined;
}

function parsed(text: string): Body | undefined {
  try {
    const body: unknown = JSON.parse(text);
    return typeof body === 'object' && body !== null && !Array.isArray(body) ? body : undefined;
  } catch {
    return undefined;
  }
}

function refusal(status: number, { error, errorType, message }: Body): RocketChatFault {
  const said = [errorType, error].find((one) => typeof one === 'string') ?? `${status}`;
  const details = { said, status };
  if (said === 'totp-required' || said === 'totp-invalid') {
    return new RocketChatFault('TWO_FACTOR', 'the account needs a second factor', details);
  }
  if (status === 401)
    return new RocketChatFault('UNAUTHENTICATED', 'Rocket.Chat does not know the credentials', details);
  if (status === 403 || said === 'error-not-allowed' || said === 'error-unauthorized') {
    return new RocketChatFault('FORBIDDEN', `the account lacks a permission (${said})`, details);
  }
  const shown = typeof message === 'string' ? message : said;
  return new RocketChatFault('REFUSED', `Rocket.Chat refused: ${shown.slice(0, 200)}`, details);
}

function tooMany({ headers }: Response): RocketChatFault {
  const resetMs = Number(headers.get('x-ratelimit-reset')) - Date.now();
  const afterMs = Number(headers.get('retry-after')) * SECOND;
  const asked = [resetMs, afterMs].find((ms) => ms > 0) ?? LEAVE_ALONE_MS;
  const waitMs = Math.min(asked, LONGEST_REST_MS);
  return new RocketChatFault('TOO_MANY', 'Rocket.Chat wants to be called less often', { waitMs });
}

function reasonOf(error: unknown): string {
  const { cause, name } = error as { cause?: { code?: unknown }; name?: string };
  if (name === 'TimeoutError') return 'no answer in time';
  return typeof cause?.code === 'string' ? cause.code : 'the connection failed';
}
