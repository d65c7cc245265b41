import { WebSocket } from 'ws';
import { eventually } from './eventually';
import { Picture, type ServerFrame } from './picture';

export const ADMIN_TOKEN = 'admin-token-of-the-tests';
export const READ_TOKEN = 'reading-token-of-the-tests';
/** API_TOKENS. */
export const TOKENS = `boss:admin:${ADMIN_TOKEN},guest:read:${READ_TOKEN}`;

export interface Opening {
  /** Of an Authorization header; absent: none is sent. */
  readonly token?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly path?: string;
}

export interface Closed {
  readonly code: number;
  readonly reason: string;
}

/** Why a connection was not upgraded. */
export class Refused extends Error {
  constructor(
    readonly status: number,
    readonly body: string,
  ) {
    super(`${status} ${body}`);
  }
}

let asked = 0;

/** A client that does as docs/WEBSOCKET.md says; what it is told makes a picture. */
export class SocketUser {
  readonly frames: ServerFrame[] = [];
  closed: Closed | undefined;
  /** What was told and should not have been. */
  fault: unknown;
  private subscription: string | undefined;

  private constructor(
    readonly socket: WebSocket,
    readonly picture: Picture,
  ) {
    socket.on('message', (data: Buffer) => this.take(JSON.parse(data.toString()) as ServerFrame));
    socket.on('close', (code, reason) => (this.closed = { code, reason: reason.toString() }));
    socket.on('error', () => undefined);
  }

  /** @param picture of an earlier connection, to go on from @throws Refused */
  static open(port: number, { token, headers = {}, path = '/api/v1/ws' }: Opening, picture = new Picture()) {
    const authorization: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
    const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, { headers: { ...authorization, ...headers } });
    const user = new SocketUser(socket, picture);
    return new Promise<SocketUser>((resolve, reject) => {
      socket.once('open', () => resolve(user));
      socket.once('unexpected-response', (_req, res) => {
        res.setEncoding('utf8');
        let body = '';
        res.on('data', (chunk: string) => (body += chunk));
        res.once('end', () => reject(new Refused(res.statusCode ?? 0, body)));
      });
      socket.once('error', reject);
    });
  }

  says(frame: unknown): void {
    this.socket.send(typeof frame === 'string' || Buffer.isBuffer(frame) ? frame : JSON.stringify(frame));
  }

  /** Goes on from where its picture is, if `resume`. */
  subscribe(uids: 'all' | readonly string[], resume = false): void {
    const since = resume ? this.picture.position : undefined;
    this.subscription = `s${(asked += 1)}`;
    this.picture.begin(this.subscription, since);
    this.says({ op: 'subscribe', id: this.subscription, uids, since });
  }

  /** The answer to the last subscription. */
  answered(): Promise<ServerFrame> {
    return this.hears(({ id, op }) => id === this.subscription && op !== 'error');
  }

  /** Waits for a frame, of those that came already too. */
  hears(isIt: (frame: ServerFrame) => boolean, timeoutMs = 10_000): Promise<ServerFrame> {
    return eventually(
      () => {
        this.check();
        const found = this.frames.find(isIt);
        if (!found) throw new Error(`not heard among ${JSON.stringify(this.frames.slice(-5))}`);
        return found;
      },
      { timeoutMs },
    );
  }

  /** What it knows of a user. */
  status(uid: string): string | undefined {
    this.check();
    return this.picture.users.get(uid)?.status;
  }

  /** Waits until it knows these users so. */
  knows(expected: Readonly<Record<string, string>>, timeoutMs = 10_000): Promise<void> {
    const uids = Object.keys(expected);
    const known = () => Object.fromEntries(uids.map((uid) => [uid, this.status(uid)]));
    return eventually(() => expect(known()).toEqual(expected), { timeoutMs });
  }

  isClosed(timeoutMs = 10_000): Promise<Closed> {
    return eventually(
      () => {
        if (!this.closed) throw new Error('the connection is still open');
        return this.closed;
      },
      { timeoutMs },
    );
  }

  /** The connection breaks, without a word. */
  cut(): void {
    this.socket.terminate();
  }

  private take(frame: ServerFrame): void {
    this.frames.push(frame);
    try {
      this.picture.take(frame);
    } catch (fault) {
      this.fault ??= fault;
    }
  }

  private check(): void {
    if (this.fault !== undefined) throw this.fault as Error;
  }
}
