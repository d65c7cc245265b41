const BASE = new URL('api/v1/', document.baseURI);

/** An answer that was an error: RFC 9457's problem. `code` is stable, `detail` is for people. */
export class ApiError extends Error {
  constructor(status, { code, detail, title } = {}) {
    super(detail ?? title ?? `The server answered ${status}.`);
    this.status = status;
    this.code = code ?? 'UNKNOWN';
  }
}

/**
 * In which headers a token may be sent: one of API_TOKENS as a bearer's; a user of Rocket.Chat gives `USERID:AUTHTOKEN`.
 *
 * @returns {Record<string, string>[]} to be tried in this order
 */
export function credentialsOf(token) {
  const [, uid, authToken] = /^([^:]+):(.+)$/.exec(token) ?? [];
  const ofUser = uid ? [{ 'x-user-id': uid, 'x-auth-token': authToken }] : [];
  return [{ authorization: `Bearer ${token}` }, ...ofUser];
}

/** The REST API, spoken to by one caller, whose credentials are sent as headers and never in an address. */
export class Api {
  #credentials;
  #onRefused;

  /**
   * @param credentials one of `credentialsOf`
   * @param onRefused called when they are not, or no longer, known
   */
  constructor(credentials, { onRefused } = {}) {
    this.#credentials = credentials;
    this.#onRefused = onRefused;
  }

  /** @throws ApiError; code UNREACHABLE where no answer came */
  async get(path, params = {}, { signal } = {}) {
    const url = new URL(path, BASE);
    for (const [name, value] of Object.entries(params)) if (value != null) url.searchParams.set(name, String(value));
    return (await this.#ask(url, { signal })).body;
  }

  /** @throws ApiError */
  async post(path) {
    return (await this.#ask(new URL(path, BASE), { method: 'POST' })).body;
  }

  /** Pages of a list, as the server's `Link` header leads from one to the next. */
  async *pages(path, params = {}, { signal } = {}) {
    let url = new URL(path, BASE);
    for (const [name, value] of Object.entries(params)) if (value != null) url.searchParams.set(name, String(value));
    while (url) {
      const { body, next } = await this.#ask(url, { signal });
      yield body;
      url = next;
    }
  }

  async #ask(url, { method = 'GET', signal }) {
    const headers = { ...this.#credentials, accept: 'application/json' };
    const answer = await fetch(url, { method, signal, headers, cache: 'no-cache' }).catch((error) => {
      if (error.name === 'AbortError') throw error;
      throw new ApiError(0, { code: 'UNREACHABLE', detail: 'The node does not answer.' });
    });
    const parsed = await jsonOf(answer);
    if (answer.status === 401) this.#onRefused?.();
    if (!answer.ok) throw new ApiError(answer.status, parsed);
    return { body: parsed, next: nextOf(answer, url) };
  }
}

/** The part of a path that names one thing, e.g. a user. */
export function segment(id) {
  return encodeURIComponent(id);
}

async function jsonOf(answer) {
  const isJson = /[/+]json/.test(answer.headers.get('content-type') ?? '');
  return isJson ? answer.json() : undefined;
}

/** The same path with what is asked for next: behind a proxy the node does not know its own address. */
function nextOf(answer, asked) {
  const link = /<([^>]+)>\s*;\s*rel="?next"?/.exec(answer.headers.get('link') ?? '')?.[1];
  if (!link) return undefined;
  const next = new URL(asked);
  next.search = new URL(link, asked).search;
  return next;
}
