import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';

/** One request that a receiver got. */
export interface Received {
  readonly id: string;
  readonly headers: Record<string, string>;
  readonly body: string;
  readonly path: string;
}

export interface ToldChange {
  readonly uid: string;
  readonly rev: number;
  readonly at: string;
  readonly from?: string;
  readonly to: string;
  readonly text?: string;
  readonly source?: string;
  readonly cause: string;
}

type Answer = (request: Received, response: http.ServerResponse) => void;

const OK: Answer = (_request, response) => response.writeHead(200).end();

/** Somebody's http server that is called back; it takes whatever comes unless told otherwise. */
export class HookReceiver {
  /** In the order they came, also those that were refused. */
  readonly received: Received[] = [];
  answer: Answer = OK;
  private port = 0;
  private server: http.Server | undefined;

  static async start(): Promise<HookReceiver> {
    const receiver = new HookReceiver();
    await receiver.up();
    return receiver;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}/hook`;
  }

  /** Listens, on the same port as before. */
  async up(): Promise<void> {
    const server = http.createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const headers = request.headers as Record<string, string>;
        const body = Buffer.concat(chunks).toString();
        const received = { id: headers['webhook-id']!, headers, body, path: request.url! };
        this.received.push(received);
        this.answer(received, response);
      });
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(this.port, '127.0.0.1', resolve);
    });
    this.port = (server.address() as AddressInfo).port;
    this.server = server;
  }

  /** Listens no more; connections end at once, as with a crash. */
  async down(): Promise<void> {
    const { server } = this;
    this.server = undefined;
    server?.closeAllConnections();
    await new Promise<void>((resolve) => (server ? server.close(() => resolve()) : resolve()));
  }

  /** What each message told, verified by the secret. @throws if one was not signed by it */
  told(secret: string, received: readonly Received[] = this.received): ToldChange[] {
    const webhook = new Webhook(secret);
    return received.map(({ body, headers }) => (webhook.verify(body, headers) as { data: ToldChange }).data);
  }

  /** Status of the changes told, by user, without duplicates. */
  get statuses(): string[] {
    const seen = new Map(this.received.map(({ id, body }) => [id, (JSON.parse(body) as { data: ToldChange }).data]));
    return [...seen.values()].map(({ uid, to }) => `${uid} ${to}`);
  }
}

/** Answers a status. */
export function status(code: number, headers: http.OutgoingHttpHeaders = {}): Answer {
  return (_request, response) => response.writeHead(code, headers).end();
}

/** One answer after the other, the last one for ever. */
export function inTurn(...answers: readonly Answer[]): Answer {
  let next = 0;
  return (request, response) => answers[Math.min(next++, answers.length - 1)]!(request, response);
}
