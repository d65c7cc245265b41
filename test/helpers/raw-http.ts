import { connect, type Socket } from 'node:net';

/** What came back over a connection. */
export interface RawAnswer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

const END_OF_HEAD = '\r\n\r\n';

/** The first whole answer in what was received. @returns undefined where there is none yet */
function parse(received: string, isHead: boolean): { answer: RawAnswer; length: number; closes: boolean } | undefined {
  const headEnd = received.indexOf(END_OF_HEAD);
  if (headEnd < 0) return undefined;
  const head = received.slice(0, headEnd);
  const start = headEnd + END_OF_HEAD.length;
  const field = (name: string) => new RegExp(`^${name}: *(.*)$`, 'im').exec(head)?.[1]?.trim() ?? '';
  const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1]);
  const length = status === 304 || status === 204 || isHead ? 0 : lengthOf(received, start, field);
  if (length === undefined || received.length < start + length) return undefined;
  const answer = { status, type: field('content-type').split(';', 1)[0]!, body: received.slice(start, start + length) };
  return { answer, length: start + length, closes: field('connection').toLowerCase() === 'close' };
}

function lengthOf(received: string, start: number, field: (name: string) => string): number | undefined {
  if (field('transfer-encoding') !== 'chunked') return Number(field('content-length') || 0);
  const end = received.indexOf('\r\n0\r\n\r\n', start);
  return end < 0 ? undefined : end + 7 - start;
}

/** A connection that is kept for one request after the other, and opened anew when the server ends it. */
export class RawConnection {
  private socket: Socket | undefined;
  private received = '';
  private wake: () => void = () => undefined;

  constructor(private readonly port: number) {}

  /** Sends a whole request. @returns undefined where the server ended the connection without an answer */
  async send(request: Buffer, isHead: boolean): Promise<RawAnswer | undefined> {
    const socket = (this.socket ??= this.open());
    socket.write(request);
    return this.next(socket, isHead);
  }

  /** Sends bytes that may be no request, and no more. @returns all that is answered */
  async sendLast(bytes: Buffer): Promise<RawAnswer[]> {
    this.close();
    const socket = (this.socket = this.open());
    socket.end(bytes);
    const answers: RawAnswer[] = [];
    for (;;) {
      const answer = await this.next(socket, false);
      if (answer) answers.push(answer);
      else if (socket.destroyed || socket.readableEnded) break;
    }
    this.close();
    return answers;
  }

  close(): void {
    this.socket?.destroy();
    this.socket = undefined;
  }

  private open(): Socket {
    const socket = connect(this.port, '127.0.0.1').setEncoding('latin1').setNoDelay(true);
    this.received = '';
    socket.on('data', (text) => {
      if (socket !== this.socket) return;
      this.received += String(text);
      this.wake();
    });
    for (const event of ['end', 'close', 'error']) socket.on(event, () => this.wake());
    return socket;
  }

  private async next(socket: Socket, isHead: boolean): Promise<RawAnswer | undefined> {
    for (;;) {
      const parsed = parse(this.received, isHead);
      if (parsed) {
        this.received = this.received.slice(parsed.length);
        if (parsed.answer.status === 100) continue; // go on, the answer is to come
        if (parsed.closes && !socket.writableEnded) this.close();
        return parsed.answer;
      }
      if (socket.destroyed || socket.readableEnded) {
        if (socket === this.socket) this.socket = undefined;
        return undefined;
      }
      await new Promise<void>((resolve) => (this.wake = resolve));
    }
  }
}
