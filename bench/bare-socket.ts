import { connect, type Socket } from 'node:net';

const HEAD_ENDS = Buffer.from('\r\n\r\n');
const TEXT = 0x81;
const FIRST_PART = 0x01;
const LAST_PART = 0x80;
const PING = 0x89;
const PONG = Buffer.from([0x8a, 0x80, 0, 0, 0, 0]);
const LENGTH_OF_16_BITS = 126;

/**
 * A WebSocket client that costs next to nothing: a thousand of them in a process note when their frames are there, and not when
 * a process that is busy with the others gets to them.
 */
export class BareSocket {
  private pending: Buffer = Buffer.alloc(0);
  private isOpen = false;

  private constructor(
    private readonly socket: Socket,
    private readonly onText: (payload: Buffer) => void,
    private readonly onOpen: () => void,
  ) {
    socket.setNoDelay(true);
    socket.on('data', (chunk) => this.take(chunk));
  }

  /** @param onText told of each text frame, and of each part of one that comes in parts */
  static open(
    { port, path, token }: { readonly port: number; readonly path: string; readonly token: string },
    onText: (payload: Buffer) => void,
    onClose: () => void,
  ): Promise<BareSocket> {
    return new Promise((resolve, reject) => {
      const socket = connect(port, '127.0.0.1', () =>
        socket.write(
          `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
            `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nAuthorization: Bearer ${token}\r\n\r\n`,
        ),
      );
      socket.once('error', reject);
      socket.once('close', onClose);
      const bare: BareSocket = new BareSocket(socket, onText, () => resolve(bare));
    });
  }

  /** @param text of at most 125 bytes */
  send(text: string): void {
    const payload = Buffer.from(text);
    this.socket.write(Buffer.concat([Buffer.from([TEXT, 0x80 | payload.length, 0, 0, 0, 0]), payload]));
  }

  private take(chunk: Buffer): void {
    let data = this.pending.length > 0 ? Buffer.concat([this.pending, chunk]) : chunk;
    if (!this.isOpen) {
      const end = data.indexOf(HEAD_ENDS);
      if (end >= 0) {
        this.isOpen = true;
        data = data.subarray(end + HEAD_ENDS.length);
        this.onOpen();
      }
    }
    while (this.isOpen) {
      const frame = frameOf(data);
      if (!frame) break;
      if (frame.opcode === PING) this.socket.write(PONG);
      else if ([TEXT, FIRST_PART, LAST_PART].includes(frame.opcode)) this.onText(data.subarray(frame.from, frame.to));
      data = data.subarray(frame.to);
    }
    this.pending = data;
  }
}

/** @returns undefined where not all of it is there yet */
function frameOf(data: Buffer): { readonly opcode: number; readonly from: number; readonly to: number } | undefined {
  if (data.length < 2) return undefined;
  const [opcode, short] = [data[0]!, data[1]!];
  const from = short < LENGTH_OF_16_BITS ? 2 : short === LENGTH_OF_16_BITS ? 4 : 10;
  if (data.length < from) return undefined;
  const length = from === 2 ? short : from === 4 ? data.readUInt16BE(2) : Number(data.readBigUInt64BE(2));
  return data.length < from + length ? undefined : { opcode, from, to: from + length };
}
