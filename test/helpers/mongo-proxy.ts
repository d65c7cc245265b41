import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { asError } from '../../lib/wire/errors';
import {
  answersTo,
  firstHalf,
  messageSplitter,
  readReply,
  readRequest,
  replyTo,
  type Document,
  type Request,
} from './mongo-wire';

/** A command that passes: its name is the first key of its document. */
export interface Command {
  readonly name: string;
  /** Absent for commands on no collection. */
  readonly collection: string | undefined;
  readonly document: Document;
  /** Counts the connections to the proxy. */
  readonly connection: number;
}

/** What becomes of one command; in the order in which it happens, and each part may be left out. */
export interface Action {
  /** Runs first. The command, and what follows on its connection, is held until a promise is settled. */
  readonly before?: () => unknown;
  /** What the server gets: all of it (that is the default), nothing, or the first half of its writes. */
  readonly carryOut?: 'all' | 'half' | 'nothing';
  /** Runs when the server has answered. The answer is held until a promise is settled. */
  readonly after?: () => unknown;
  /** What the client gets in place of the server's answer: a document, or its connection closed. */
  readonly answer?: Document | 'cut';
}

export type Intercept = (command: Command) => Action | undefined;

/** Between a client and a MongoDB server: a test decides what becomes of each command. */
export interface MongoProxy {
  /** As `MongoServer.url`, but through the proxy, and past it to nobody: a driver stays on the one address it is given. */
  url(database: string): string;
  /** From now on; undefined: everything is forwarded, as at the start. */
  intercept(decide: Intercept | undefined): void;
  /** Closes every connection, as a server does that is in trouble; new ones are taken. */
  cutAll(): void;
  /** Ends it. @throws what the proxy could not read, if anything */
  stop(): Promise<void>;
}

/** One plain host: what a proxy can stand before. */
const ONE_HOST = /^mongodb:\/\/((?:[^/@]*@)?)([^/@,]+?)(?::(\d+))?\/([^?]*)(?:\?(.*))?$/;

/** Whether a proxy can stand before the server of a URL: encrypted or found by name, it cannot. */
export function canProxy(url: string): boolean {
  return ONE_HOST.test(url) && !/[?&](tls|ssl)=true/i.test(url);
}

/** @param urlOf of the server, as `MongoServer.url` */
export async function startMongoProxy(urlOf: (database: string) => string): Promise<MongoProxy> {
  const [, , host, port] = ONE_HOST.exec(urlOf('any')) ?? [];
  if (host === undefined || !canProxy(urlOf('any'))) throw new Error('a proxy needs the URL of one host, without TLS');
  const proxy = new Proxy(host, Number(port ?? 27017));
  const ownPort = await proxy.listen();
  return {
    url: (database) => {
      const [, credentials, , , name, options] = ONE_HOST.exec(urlOf(database))!;
      const kept = (options ?? '')
        .split('&')
        .filter((option) => option && !/^(replicaSet|directConnection)=/i.test(option));
      return `mongodb://${credentials}127.0.0.1:${ownPort}/${name}?${[...kept, 'directConnection=true'].join('&')}`;
    },
    intercept: (decide) => (proxy.decide = decide),
    cutAll: () => proxy.cutAll(),
    stop: () => proxy.stop(),
  };
}

class Proxy {
  decide: Intercept | undefined;
  fault: Error | undefined;
  private readonly server: Server;
  private readonly open = new Set<Link>();
  private connections = 0;

  constructor(host: string, port: number) {
    this.server = createServer((client) => {
      const link = new Link(this, this.connections++, client, connect(port, host));
      this.open.add(link);
      client.once('close', () => this.open.delete(link));
    });
  }

  async listen(): Promise<number> {
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    return (this.server.address() as AddressInfo).port;
  }

  cutAll(): void {
    for (const link of this.open) link.cut();
  }

  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.server.close(resolve));
    this.cutAll();
    await closed;
    if (this.fault !== undefined) throw this.fault;
  }
}

/** One client's connection and ours to the server for it. Each direction is worked off in order, as servers do. */
class Link {
  private readonly pending = new Map<number, { readonly request: Request; readonly action: Action }>();

  constructor(
    private readonly proxy: Proxy,
    private readonly number: number,
    private readonly client: Socket,
    private readonly server: Socket,
  ) {
    for (const [socket, other] of [
      [client, server],
      [server, client],
    ] as const) {
      socket.setNoDelay(true);
      socket.on('error', () => this.cut());
      socket.once('close', () => other.destroy());
    }
    this.inOrder(client, (bytes) => this.onRequest(readRequest(bytes)));
    this.inOrder(server, (bytes) => this.onReply(bytes));
  }

  cut(): void {
    this.client.destroy();
    this.server.destroy();
  }

  private inOrder(socket: Socket, work: (message: Buffer) => Promise<void>): void {
    const split = messageSplitter();
    let last = Promise.resolve();
    const fail = (thrown: unknown) => {
      this.proxy.fault ??= asError(thrown);
      this.cut();
    };
    socket.on('data', (chunk: Buffer) => {
      try {
        for (const message of split(chunk)) last = last.then(() => work(message)).catch(fail);
      } catch (thrown) {
        fail(thrown);
      }
    });
  }

  private async onRequest(request: Request): Promise<void> {
    const action = this.proxy.decide?.(this.commandOf(request)) ?? {};
    if (action.before) await action.before();
    if (this.client.destroyed) return;
    const { carryOut = 'all' } = action;
    if (carryOut === 'nothing') return this.answer(request, action.answer ?? 'cut');
    if (request.isAnswered) this.pending.set(request.id, { request, action });
    this.server.write(carryOut === 'half' ? firstHalf(request) : request.bytes);
  }

  private async onReply(reply: Buffer): Promise<void> {
    const { request, action } = this.pending.get(answersTo(reply)) ?? {};
    if (request) this.pending.delete(request.id);
    if (action?.after) await action.after();
    if (request && action?.answer) this.answer(request, action.answer);
    else this.client.write(request && HELLO.test(nameOf(request)) ? asIfOld(request, reply) : reply);
  }

  private answer(request: Request, answer: Document | 'cut'): void {
    if (answer === 'cut') this.cut();
    else if (request.isAnswered) this.client.write(replyTo(request, answer));
  }

  private commandOf(request: Request): Command {
    const { document } = request;
    const first = document[nameOf(request)];
    // A getMore names its cursor first.
    const collection = typeof first === 'string' ? first : document.collection;
    return {
      name: nameOf(request),
      collection: typeof collection === 'string' ? collection : undefined,
      document,
      connection: this.number,
    };
  }
}

const HELLO = /^(hello|ismaster)$/i;

/**
 * A handshake without `topologyVersion`, as of servers before 4.4. With it drivers ask no more, but wait to be told:
 * of a change that only the proxy makes, such as an answer "not primary", the server would never tell them.
 */
function asIfOld(request: Request, reply: Buffer): Buffer {
  const document = readReply(reply);
  delete document.topologyVersion;
  return replyTo(request, document);
}

function nameOf({ document }: Request): string {
  return Object.keys(document)[0] ?? '';
}
