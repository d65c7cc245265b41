import { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import { SocketWire } from '../../../lib/socket/wire';

/** The other side reads when it is told to. */
class Stream extends Duplex {
  private written: (() => void)[] = [];

  constructor() {
    super({ writableHighWaterMark: 10 });
  }

  override _read(): void {
    return;
  }

  override _write(_chunk: Buffer, _encoding: string, done: () => void): void {
    this.written.push(done);
  }

  readAll(): void {
    while (this.written.length > 0) this.written.shift()!();
  }
}

const OPEN = 1;

function wireAndMore() {
  const stream = new Stream();
  const calls: string[] = [];
  const socket = {
    OPEN,
    readyState: OPEN,
    pause: () => calls.push('pause'),
    resume: () => calls.push('resume'),
    send: (text: string) => stream.write(text),
  };
  // Of a WebSocket what the wire uses.
  return { wire: new SocketWire(socket as unknown as WebSocket, stream), stream, calls };
}

const settled = () => new Promise((resolve) => setTimeout(resolve, 5));

test('one callback waits at a time: another takes its place, and none remains of it', async () => {
  const { wire, stream } = wireAndMore();
  const listeners = stream.listenerCount('drain');
  const called: number[] = [];
  wire.send('x'.repeat(100));
  for (let i = 0; i < 1_000; i++) wire.whenDrained(() => called.push(i));
  expect(stream.listenerCount('drain')).toBe(listeners);
  stream.readAll();
  await settled();
  expect(called).toEqual([999]);
  wire.send('x'.repeat(100));
  wire.whenDrained(() => called.push(1_000));
  wire.whenDrained(undefined);
  stream.readAll();
  await settled();
  expect(called).toEqual([999]);
});

test('where nothing waits it is called back soon, unless another has taken its place', async () => {
  const { wire } = wireAndMore();
  const called: number[] = [];
  for (let i = 0; i < 3; i++) wire.whenDrained(() => called.push(i));
  expect(called).toEqual([]);
  await settled();
  expect(called).toEqual([2]);
});

test('a client that does not read is read no more after 32 frames, and again when it has read', async () => {
  const { wire, stream, calls } = wireAndMore();
  for (let i = 0; i < 100; i++) wire.taken();
  expect(calls).toEqual([]); // nothing waits for it
  wire.send('x'.repeat(100));
  for (let i = 0; i < 31; i++) wire.taken();
  expect(calls).toEqual([]);
  for (let i = 0; i < 5; i++) wire.taken();
  expect(calls).toEqual(['pause']);
  stream.readAll();
  await settled();
  expect(calls).toEqual(['pause', 'resume']);
  wire.send('x'.repeat(100));
  for (let i = 0; i < 31; i++) wire.taken();
  expect(calls).toHaveLength(2);
});
