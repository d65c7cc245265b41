import http from 'node:http';

export interface Ask {
  readonly method?: string;
  /** As it goes over the wire, with its query. */
  readonly path: string;
  readonly headers?: http.OutgoingHttpHeaders;
  /** Text and bytes as they are, anything else as JSON. */
  readonly body?: unknown;
  readonly token?: string;
}

export interface Answer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly text: string;
  /** The text as JSON. @throws SyntaxError where it is none */
  json<T = Record<string, unknown>>(): T;
}

const agent = new http.Agent({ keepAlive: true, maxSockets: 64 });

/** Asks without looking at what is asked: `fetch` would not send everything that somebody can send. */
export function ask(base: string, { method = 'GET', path, headers = {}, body, token }: Ask): Promise<Answer> {
  const isRaw = typeof body === 'string' || Buffer.isBuffer(body);
  const sent = body === undefined || isRaw ? body : JSON.stringify(body);
  const all = {
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    ...(sent === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(sent) }),
    ...headers,
  };
  const { hostname, port } = new URL(base);
  return new Promise((resolve, reject) => {
    const req = http.request({ agent, hostname, port, method, path, headers: all }, (res) => {
      const chunks: Buffer[] = [];
      res.on('data', (chunk: Buffer) => chunks.push(chunk));
      res.once('error', reject);
      res.once('end', () => {
        const text = Buffer.concat(chunks).toString();
        const json = <T>() => JSON.parse(text) as T;
        resolve({ status: res.statusCode!, headers: res.headers, text, json });
      });
    });
    req.once('error', reject);
    req.end(sent as string | undefined);
  });
}
