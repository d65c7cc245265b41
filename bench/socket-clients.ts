import { BareSocket } from './bare-socket';
import type { Arrivals, ClientsOrder } from './socket-crowd';

/** What marks a change: `n-17.` in the text of a status. */
const MARK = Buffer.from('n-');
const DOT = '.'.charCodeAt(0);
const ZERO = '0'.charCodeAt(0);
/** Connections under way at once. */
const OPENING = 50;

/** Clients of one process: each notes when it was told of each change. */
class Crowd {
  private readonly arrivals: number[] = [];
  private readonly marks: number[] = [];
  private lost = 0;

  async open(order: ClientsOrder): Promise<void> {
    let next = 0;
    const worker = async () => {
      while (next++ < order.clients) await this.one(order);
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

  private one(order: ClientsOrder): Promise<void> {
    return new Promise((resolve, reject) => {
      const heard = (data: Buffer) => {
        if (data.includes('"more":false')) resolve();
        else this.note(data);
      };
      BareSocket.open(order, heard, () => (this.lost += 1)).then(
        (socket) => socket.send('{"op":"subscribe","uids":"all"}'),
        reject,
      );
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
