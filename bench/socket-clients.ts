import { WebSocket } from 'ws';
import type { Arrivals, ClientsOrder } from './socket-crowd';

/** What marks a change: `n-17.` in the text of a status. */
const MARK = Buffer.from('n-');
const DOT = '.'.charCodeAt(0);
const ZERO = '0'.charCodeAt(0);
/** Connections under way at once. */
const OPENING = 50;

/** Clients of one process: each notes when it was told of each change. Frames are not read further, which would take the time of others. */
class Crowd {
  private readonly sockets: WebSocket[] = [];
  private readonly arrivals: number[] = [];
  private readonly marks: number[] = [];
  private lost = 0;

  async open({ url, token, clients }: ClientsOrder): Promise<void> {
    let next = 0;
    const worker = async () => {
      while (next++ < clients) await this.one(url, token);
    };
    await Promise.all(Array.from({ length: OPENING }, worker));
  }

  /** What came since the last time. */
  take(): Arrivals {
    const arrived = {
      marks: Float64Array.from(this.marks),
      atMs: Float64Array.from(this.arrivals),
      lost: this.lost,
    };
    this.marks.length = this.arrivals.length = 0;
    return arrived;
  }

  private one(url: string, token: string): Promise<void> {
    const socket = new WebSocket(url, { headers: { authorization: `Bearer ${token}` }, perMessageDeflate: false });
    this.sockets.push(socket);
    return new Promise((resolve, reject) => {
      socket.on('error', reject);
      socket.on('close', () => (this.lost += 1));
      socket.on('open', () => socket.send('{"op":"subscribe","uids":"all"}'));
      socket.on('message', (data: Buffer) => {
        if (data.includes('"op":"snapshot"') || data.includes('"op":"resumed"')) resolve();
        else this.note(data);
      });
    });
  }

  private note(data: Buffer): void {
    for (let at = data.indexOf(MARK); at >= 0; at = data.indexOf(MARK, at)) {
      let mark = 0;
      for (at += MARK.length; at < data.length && data[at] !== DOT; at++) mark = mark * 10 + data[at]! - ZERO;
      this.marks.push(mark);
      this.arrivals.push(performance.timeOrigin + performance.now());
    }
  }
}

const crowd = new Crowd();
process.on('message', (order: ClientsOrder | 'take') => {
  if (order === 'take') process.send!(crowd.take());
  else void crowd.open(order).then(() => process.send!('open'));
});
process.on('disconnect', () => process.exit(0));
