import http from 'node:http';
import https from 'node:https';
import type { LookupFunction } from 'node:net';
import { RequestFilteringHttpAgent, RequestFilteringHttpsAgent } from 'request-filtering-agent';
import { asError } from '../wire/errors';
import { NotPublicError, publicLookup } from './lookup';
import { refusalOf, type TargetPolicy } from './target';

/** What became of one attempt. */
export interface Attempt {
  /** A 2xx status, and nothing else. */
  readonly ok: boolean;
  /** Absent: there was no answer. */
  readonly status?: number;
  /** Without anything of what the target answered: that may be somebody's secret. */
  readonly error?: string;
  /** What a 429 or 503 asked for, milliseconds. */
  readonly retryAfterMs?: number;
}

export interface PosterOptions extends TargetPolicy {
  /** How names are looked up; absent: as the system does. */
  readonly lookup?: LookupFunction;
  /** An attempt that takes longer has failed. */
  readonly timeoutMs?: number;
}

export interface PostRequest {
  readonly url: string;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

const TIMEOUT_MS = 10_000;
/** Of an answer; what is more is not waited for. */
const MAX_ANSWER_BYTES = 4096;
const SECOND = 1000;
const CLOSED_BY_TARGET: ReadonlySet<string> = new Set(['ECONNRESET', 'EPIPE']);
/** Connections that nobody uses are closed. */
const IDLE_MS = 15 * SECOND;

/**
 * Posts to targets that others name. A connection is only made to an address that is allowed, looked at when it is made: so no name
 * that leads elsewhere later gets by. Redirects are not followed.
 */
export class Poster {
  private readonly agents: Readonly<Record<string, http.Agent>>;
  private readonly lookup: LookupFunction | undefined;
  private readonly timeoutMs: number;
  private closed = false;

  constructor(private readonly options: PosterOptions) {
    const { allowPrivate, lookup } = options;
    // The agent knows special-purpose addresses by its own list, and looks at what is written too: a name must pass both.
    this.lookup = allowPrivate ? lookup : publicLookup(lookup);
    const filter = { allowPrivateIPAddress: allowPrivate, allowMetaIPAddress: allowPrivate };
    const agent = { keepAlive: true, timeout: IDLE_MS, ...filter };
    this.agents = { 'http:': new RequestFilteringHttpAgent(agent), 'https:': new RequestFilteringHttpsAgent(agent) };
    this.timeoutMs = options.timeoutMs ?? TIMEOUT_MS;
  }

  /** Never rejects. */
  async post(request: PostRequest): Promise<Attempt> {
    const refusal = refusalOf(request.url, this.options);
    if (refusal) return { ok: false, error: `refused: the target ${refusal}` };
    const deadlineMs = performance.now() + this.timeoutMs;
    try {
      return attemptOf(await this.send(request, deadlineMs));
    } catch (thrown) {
      return { ok: false, error: reasonOf(thrown) };
    }
  }

  /** Ends all connections, also those in use. */
  close(): void {
    this.closed = true;
    for (const agent of Object.values(this.agents)) agent.destroy();
  }

  /** A connection that was kept may be closed by the target as we write: then with a new one. */
  private async send(request: PostRequest, deadlineMs: number): Promise<http.IncomingMessage> {
    for (;;) {
      const sent = this.begin(request, deadlineMs);
      try {
        return await sent.answer;
      } catch (thrown) {
        if (this.closed || !sent.request.reusedSocket || !CLOSED_BY_TARGET.has(codeOf(thrown) ?? '')) throw thrown;
      }
    }
  }

  private begin({ url: target, body, headers }: PostRequest, deadlineMs: number) {
    const url = new URL(target);
    const { request: open } = url.protocol === 'https:' ? https : http;
    const length = { 'content-length': String(Buffer.byteLength(body)) };
    const request = open(url, {
      method: 'POST',
      agent: this.agents[url.protocol],
      headers: { ...headers, ...length },
      ...(this.lookup ? { lookup: this.lookup } : {}),
    });
    const timer = setTimeout(() => request.destroy(new Error(TOO_LATE)), Math.max(0, deadlineMs - performance.now()));
    const answer = new Promise<http.IncomingMessage>((resolve, reject) => {
      let answered: http.IncomingMessage | undefined;
      request.on('response', (response) => letGo((answered = response)));
      request.on('error', (error) => answered ?? reject(error));
      // Not when there is a status: who never ends an answer would have ever more connections. And in any case: of an answer that
      // would switch the protocol nothing else is told.
      request.on('close', () => {
        clearTimeout(timer);
        if (answered) resolve(answered);
        else reject(new Error(NO_ANSWER));
      });
    });
    request.end(body);
    return { request, answer };
  }
}

const TOO_LATE = 'no answer in time';
const NO_ANSWER = 'no answer';

/** Reads a short answer to its end, so that the connection can be used again; a long one ends it. */
function letGo(response: http.IncomingMessage): void {
  let bytes = 0;
  response.on('error', () => undefined); // cut off in the answer's body, of which nothing is wanted
  response.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > MAX_ANSWER_BYTES) response.destroy();
  });
}

function attemptOf({ statusCode: status = 0, headers }: http.IncomingMessage): Attempt {
  if (status >= 200 && status < 300) return { ok: true, status };
  const isRedirect = status >= 300 && status < 400;
  const error = isRedirect ? `HTTP ${status}: redirects are not followed` : `HTTP ${status}`;
  if (status !== 429 && status !== 503) return { ok: false, status, error };
  return { ok: false, status, error, retryAfterMs: retryAfterOf(headers['retry-after'], Date.now()) };
}

/** Seconds, or a date. @returns milliseconds from now; undefined for what is neither */
export function retryAfterOf(value: string | undefined, nowMs: number): number | undefined {
  if (value === undefined) return undefined;
  if (/^\d{1,9}$/.test(value.trim())) return Number(value) * SECOND;
  const atMs = Date.parse(value);
  return Number.isNaN(atMs) ? undefined : Math.max(0, atMs - nowMs);
}

/** Why there was no answer, without any address that a name led to: who may only name targets must not map our network. */
function reasonOf(thrown: unknown): string {
  const { message } = asError(thrown);
  if (message === TOO_LATE || message === NO_ANSWER) return message;
  if (thrown instanceof NotPublicError || /is not allowed\. Because/.test(message))
    return 'refused: the target is not a public address';
  return codeOf(thrown) ?? 'the connection failed';
}

function codeOf(thrown: unknown): string | undefined {
  const { code, errors } = thrown as { code?: unknown; errors?: readonly unknown[] };
  if (typeof code === 'string') return code;
  return errors?.length ? codeOf(errors[0]) : undefined;
}
