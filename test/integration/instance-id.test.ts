import { randomUUID } from 'node:crypto';
import { connect, type NatsConnection } from 'nats';
import { EjsonSerializer } from '../../lib/wire/serializer';
import { InstanceClaim, precedes } from '../../lib/wire/instance-claim';
import { eventually } from '../helpers/eventually';
import { freePort } from '../helpers/free-port';
import { startNats, type NatsServer } from '../helpers/nats-server';
import { NodeProcess } from '../helpers/node-process';
import { startRocketChatNode, type RocketChatNode } from '../helpers/rocket-chat-node';
import { onOwnNats } from '../helpers/suites';

const whenOurs = onOwnNats('one process an INSTANCE_ID');
const ID = 'presence-1';
const SOON = { timeoutMs: 20_000 };

let nats: NatsServer;
const running: NodeProcess[] = [];

/** A node that keeps nothing. */
async function start(): Promise<NodeProcess> {
  const port = await freePort();
  const env = { TRANSPORTER: nats.url, INSTANCE_ID: ID, PORT: String(port), DATA_DIR: ':memory:' };
  const node = NodeProcess.start({ ...env, HEARTBEAT_INTERVAL: '1', HEARTBEAT_TIMEOUT: '3', LOG_LEVEL: 'warn' });
  running.push(node);
  return node;
}

beforeEach(async () => {
  nats = await startNats();
});
afterEach(async () => {
  for (const node of running.splice(0)) await node.end('SIGKILL');
  await nats.stop();
});

/** Of two that want the same id: the one that has ended, once there is one. */
async function loserOf(...nodes: NodeProcess[]): Promise<NodeProcess> {
  const ends = nodes.map((node) => node.exit().then((code) => ({ node, code })));
  const { node, code } = await Promise.race(ends);
  expect(code).toBe(1);
  expect(node.output).toContain(`INSTANCE_ID ${ID} is in use by another process`);
  return node;
}

const serves = (core: RocketChatNode) => eventually(() => core.callAt(ID, 'getConnectionCount'), SOON);
const lives = (node: NodeProcess) => process.kill(node.pid, 0);

whenOurs('one process an INSTANCE_ID', () => {
  let core: RocketChatNode;
  beforeEach(async () => {
    core = await startRocketChatNode(nats.url, 'core-1');
  });
  afterEach(() => core.stop());

  test('a newcomer refuses and ends, the old one goes on with its sessions; once that is killed the next one starts', async () => {
    const old = await start();
    await serves(core);
    await core.call('newConnection', 'ann', 's1', 'core-1');
    await loserOf(await start());
    expect(await core.callAt(ID, 'getConnectionCount')).toMatchObject({ current: 1 });
    await old.end('SIGKILL');
    await start();
    await eventually(
      async () => expect(await core.callAt(ID, 'getConnectionCount')).toMatchObject({ current: 0 }),
      SOON,
    );
  }, 60_000);

  test('of two that start at the same moment one goes on', async () => {
    const nodes = [await start(), await start()];
    const loser = await loserOf(...nodes);
    await serves(core);
    expect(lives(nodes.find((node) => node !== loser)!)).toBe(true);
  }, 60_000);

  test('a newcomer that waited for the bus refuses once that is back, the old one goes on', async () => {
    const old = await start();
    await serves(core);
    await nats.stop();
    const newcomer = await start();
    await newcomer.says('NATS unavailable');
    await nats.restart();
    expect(await loserOf(old, newcomer)).toBe(newcomer);
    await serves(core);
  }, 60_000);

  test('of two that waited for the bus one goes on', async () => {
    await nats.stop();
    const nodes = [await start(), await start()];
    for (const node of nodes) await node.says('NATS unavailable');
    await nats.restart();
    await loserOf(...nodes);
    await serves(core);
  }, 60_000);

  describe('where a node has it', () => {
    let client: NatsConnection;
    const taken = jest.fn<void, [string]>();
    const serializer = new EjsonSerializer();

    /** Another process that wants it, as far as the bus can tell. */
    const rival = () =>
      new InstanceClaim({
        bus: {
          prefix: 'MOL',
          nodeID: ID,
          instanceID: randomUUID(),
          version: '4',
          encode: (payload) => serializer.serialize(payload),
          decode: (bytes) => serializer.deserialize(Buffer.from(bytes)),
        },
        log: { error: jest.fn(), warn: jest.fn() },
        onTaken: taken,
      });

    beforeEach(async () => {
      taken.mockClear();
      client = await connect({ servers: nats.url });
    });
    afterEach(() => client.close());

    test('one that joined while they were apart gives way, and packets alone end nothing', async () => {
      const old = await start();
      await serves(core);
      const younger = rival();
      younger.hold();
      await younger.take(client, 0);
      await eventually(() => expect(taken).toHaveBeenCalledTimes(1), SOON);

      const forged = { ver: '4', sender: ID, instanceID: randomUUID(), services: [], hostname: 'x' };
      client.publish('MOL.INFO', serializer.serialize(forged));
      for (const junk of ['', '{', '[]', 'null', '{"instanceID":1}', '{"instanceID":"a","heldForMs":"1"}'])
        client.publish(`MOL.INSTANCE.${ID}`, junk);
      let questions = 0;
      client.subscribe(`MOL.DISCOVER.${ID}`, { callback: () => (questions += 1) });
      const forge = () =>
        client.publish(`MOL.INSTANCE.${ID}`, JSON.stringify({ instanceID: 'a', heldForMs: Number.MAX_VALUE }));
      // It asks eight times in two seconds, and not again for the same claim: the ninth is for a later one.
      await eventually(() => (forge(), expect(questions).toBeGreaterThan(8)), SOON);
      expect(old.output).toContain('is used by another process');
      expect(lives(old)).toBe(true);
      await serves(core);
    }, 60_000);
  });
});

describe('whose claim stands', () => {
  const claim = (instanceID: string, heldForMs: number) => ({ instanceID, heldForMs });

  test.each([
    [claim('b', 10), claim('a', 0), true],
    [claim('a', 0), claim('b', 10), false],
    [claim('b', 11), claim('a', 10), true],
    [claim('a', 0), claim('b', 0), true],
    [claim('b', 0), claim('a', 0), false],
    [claim('a', 0), claim('a', 0), false],
  ])('%j before %j: %s', (one, other, stands) => {
    expect(precedes(one, other)).toBe(stands);
  });
});
