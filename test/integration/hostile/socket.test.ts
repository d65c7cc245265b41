import { readdirSync } from 'node:fs';
import type { Socket } from 'node:net';
import { MAX_OF_ADDRESS } from '../../../lib/socket/unauthenticated';
import { eventually } from '../../helpers/eventually';
import { frame, isClosing, opening, OPCODE, says } from '../../helpers/hostile-frames';
import { hostileEach } from '../../helpers/hostile-each';
import { HostileClients } from '../../helpers/hostile-http';
import { describeFigures, processProbe } from '../../helpers/process-figures';
import { READ_TOKEN, SocketUser } from '../../helpers/socket-client';
import { SocketNode } from '../../helpers/socket-node';

const OF_EACH = hostileEach(1_000);
/** What a client may send at once. */
const BURST = 49;
const MEGABYTE = 1024 * 1024;
const KEPT_BYTES = 8 * MEGABYTE;
const GONE_WITHIN = { timeoutMs: 15_000 };
/** Clients that do not read, at once. */
const UNREAD = 50;
/** What may wait for each of them: 1 MB and a frame. */
const UNREAD_BYTES = KEPT_BYTES + UNREAD * 1.5 * MEGABYTE;

const burst = (of: (i: number) => Buffer) => Array.from({ length: BURST }, (_, i) => of(i));
const ids = Array.from({ length: 1_000 }, (_, i) => `person-${i}`);

/** A node and WebSocket clients that mean harm: it holds no more after them than before, and others are served. */
describe('hostile WebSocket clients', () => {
  const probe = processProbe();
  let node: SocketNode;
  let clients: HostileClients;

  beforeAll(async () => {
    node = await SocketNode.start(probe.env);
    clients = new HostileClients(node.port);
    await node.setStatuses(ids.map((uid) => ({ uid, status: 'busy', text: 'x'.repeat(250) })));
    for (let i = 0; i < 20; i++) await ended(opening(READ_TOKEN, frame(OPCODE.close)));
  }, 60_000);
  afterEach(() => clients.closeAll());
  afterAll(() => node.process.end('SIGTERM'));

  const descriptors = () => readdirSync(`/proc/${node.process.pid}/fd`).length;
  const ended = (sent: Buffer) => clients.untilEnded(sent, isClosing);

  /** The node has come to everything that was sent before. */
  async function isServed(): Promise<void> {
    await fetch(`${node.url}/health`).then((answer) => answer.text());
  }

  /**
   * Tries an attack and prints what it did.
   *
   * @param duringBytes that may be held more while the attackers are there
   */
  async function holds(title: string, duringBytes: number, attack: () => Promise<void>): Promise<void> {
    await probe.figures();
    const before = await probe.figures();
    await attack();
    await isServed();
    const during = await probe.figures();
    clients.closeAll();
    await eventually(() => expect(descriptors()).toBeLessThanOrEqual(before.descriptors), GONE_WITHIN);
    const after = await probe.figures();
    const meanwhile = `${title} (heap +${((during.heapBytes - before.heapBytes) / MEGABYTE).toFixed(1)} MB meanwhile)`;
    process.stderr.write(`${describeFigures(meanwhile, before, { ...after, loop: during.loop })}\n`);
    expect(during.heapBytes - before.heapBytes).toBeLessThan(duringBytes);
    expect(after.heapBytes - before.heapBytes).toBeLessThan(KEPT_BYTES);
    expect(after.resources.Timeout ?? 0).toBeLessThanOrEqual((before.resources.Timeout ?? 0) + 5);
    expect(node.process.output).not.toMatch(/"level":[56]0/);
  }

  /** Frames of clients that are let in and never read: each is sent when the node has come to the one before. */
  async function unread(of: (i: number) => Buffer): Promise<void> {
    for (let frames = 0; frames < OF_EACH; frames += UNREAD * BURST) {
      clients.closeAll();
      const sockets: Socket[] = [];
      for (let i = 0; i < UNREAD; i++) sockets.push(await clients.unread(opening(READ_TOKEN)));
      for (const sent of burst(of)) {
        for (const socket of sockets) socket.write(sent);
        await isServed();
      }
    }
  }

  test('connections that never authenticate nor close have few places, for seconds', async () => {
    await holds('never authenticated', KEPT_BYTES, async () => {
      const silent = opening(undefined).toString();
      await HostileClients.times(OF_EACH, 100, () => clients.halfOpen(silent));
      await eventually(() => expect(descriptors()).toBeLessThan(MAX_OF_ADDRESS + 50), GONE_WITHIN);
      const another = await SocketUser.open(node.port, { token: READ_TOKEN });
      await another.hears(({ op }) => op === 'hello');
      another.cut();
    });
  }, 60_000);

  test('wrong tokens, in headers and frames', async () => {
    const wrong = 'a-token-that-nobody-has';
    const attempts = [opening(wrong), opening(undefined, says({ op: 'auth', token: wrong }))];
    await holds('wrong tokens', KEPT_BYTES, () => HostileClients.times(OF_EACH, 50, (i) => ended(attempts[i % 2]!)));
  }, 60_000);

  test('subscriptions to 1,000 ids that replace each other, unread', async () => {
    const subscribe = (i: number) => says({ op: 'subscribe', id: `${i}`, uids: ids });
    await holds('subscriptions unread', UNREAD_BYTES, () => unread(subscribe));
  }, 60_000);

  test('pings, pongs and frames that are at fault, whose answers are not read', async () => {
    const kinds = [frame(OPCODE.ping, 'x'.repeat(125)), frame(OPCODE.pong), says({ op: 'ping' }), says({ op: 'what' })];
    await holds('pings unread', UNREAD_BYTES, () => unread((i) => kinds[i % kinds.length]!));
  }, 60_000);

  test('resumptions, subscriptions to all and ends of them', async () => {
    const kinds = [
      says({ op: 'subscribe', uids: 'all' }),
      says({ op: 'subscribe', uids: ['ann'], since: 'none.0' }),
      says({ op: 'unsubscribe' }),
    ];
    await holds('resumptions', UNREAD_BYTES, () => unread((i) => kinds[i % kinds.length]!));
  }, 60_000);

  test('fragments and more: endless, empty, of messages that are never finished', async () => {
    const first = frame(OPCODE.text, '{', { isFinal: false });
    const endless = Buffer.concat(Array<Buffer>(1_100).fill(frame(OPCODE.continuation, ' ', { isFinal: false })));
    const empty = Buffer.concat(Array<Buffer>(1_100).fill(frame(OPCODE.continuation, '', { isFinal: false })));
    const unfinished = frame(OPCODE.text, 'x'.repeat(200_000)).subarray(0, 1_000);
    await holds('fragments', UNREAD_BYTES, async () => {
      await HostileClients.times(100, 20, (i) => ended(opening(READ_TOKEN, first, i % 2 ? endless : empty)));
      for (let i = 0; i < 50; i++) await clients.unread(opening(READ_TOKEN, unfinished));
    });
  }, 60_000);

  test('frames that no client may send', async () => {
    const kinds = [
      frame(OPCODE.text, '{}', { reserved: 4 }), // compressed, which was not agreed
      frame(OPCODE.text, '{}', { reserved: 3 }),
      frame(OPCODE.text, '{}', { isMasked: false }),
      frame(OPCODE.text, '', { length: 2 ** 40 }),
      frame(OPCODE.text, '', { length: 300_000 }),
      frame(OPCODE.text, Buffer.from([0xff, 0xfe])),
      frame(OPCODE.ping, 'x'.repeat(126)),
      frame(OPCODE.ping, 'x', { isFinal: false }),
      frame(OPCODE.continuation, 'x'),
      frame(OPCODE.close, 'x'),
      frame(11, 'x'),
      Buffer.concat([...burst(() => frame(OPCODE.binary, '{}')), ...burst(() => says([]))]),
    ];
    await holds('bad frames', KEPT_BYTES, () =>
      HostileClients.times(OF_EACH, 50, (i) => ended(opening(READ_TOKEN, kinds[i % kinds.length]!))),
    );
  }, 60_000);
});
