import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { connect, type NatsConnection } from 'nats';
import { eventually } from '../../helpers/eventually';
import { freePort } from '../../helpers/free-port';
import { hostileEach } from '../../helpers/hostile-each';
import { hostileKinds, type HostileKind } from '../../helpers/hostile-packets';
import { startNats, type NatsServer } from '../../helpers/nats-server';
import { NodeProcess } from '../../helpers/node-process';
import { describeFigures, processProbe, type ProcessFigures } from '../../helpers/process-figures';
import { startRocketChatNode, type RocketChatNode } from '../../helpers/rocket-chat-node';
import { SocketUser, READ_TOKEN, TOKENS } from '../../helpers/socket-client';

const EACH = hostileEach(200);
const ROUNDS = 2;
/**
 * The victim is a node of Moleculer in this process: it takes every packet apart too, and under a long flood is silent for seconds. Who is
 * silent for longer than the time-out is rightly taken for lost.
 */
const HEARTBEAT_TIMEOUT_S = EACH > 1_000 ? '60' : '6';
const NODE = 'presence-1';
const VICTIM = 'ddp-1';
const SECRET = 'a-password-of-the-bus';
const MEGABYTE = 1024 * 1024;
const MAY_GROW_BYTES = 16 * MEGABYTE;
const KINDS = hostileKinds({ node: NODE, victim: VICTIM });

jest.setTimeout(30_000 + EACH * 30);

/** What any node of the bus can send to another. */
describe('a node of the bus that sends what it should not', () => {
  const probe = processProbe();
  let nats: NatsServer;
  let folder: string;
  let presence: NodeProcess;
  let ddp: RocketChatNode;
  let mallory: NatsConnection;
  let reader: SocketUser;
  let before: ProcessFigures;
  let logins = 0;

  beforeAll(async () => {
    [nats, folder] = [await startNats(), await mkdtemp(path.join(tmpdir(), 'hostile-'))];
    const port = await freePort();
    const bus = {
      TRANSPORTER: nats.url.replace('//', `//user:${SECRET}@`),
      HEARTBEAT_INTERVAL: '1',
      HEARTBEAT_TIMEOUT: HEARTBEAT_TIMEOUT_S,
    };
    const edge = { PORT: `${port}`, API_TOKENS: TOKENS, MS_METRICS: 'true', MS_METRICS_PORT: `${await freePort()}` };
    presence = NodeProcess.start({
      INSTANCE_ID: NODE,
      DATA_DIR: folder,
      LOG_LEVEL: 'warn',
      ...bus,
      ...edge,
      ...probe.env,
    });
    ddp = await startRocketChatNode(nats.url, VICTIM, [], { patient: true, intervalS: 1 });
    await eventually(() => ddp.callAt(NODE, 'getConnectionCount'), { timeoutMs: 30_000 });
    await ddp.call('newConnection', 'ann', 's-ann', VICTIM);
    mallory = await connect({ servers: nats.url });
    reader = await eventually(() => SocketUser.open(port, { token: READ_TOKEN }), { timeoutMs: 20_000 });
    reader.subscribe('all');
    await reader.knows({ ann: 'online' });
    before = await probe.figures();
  });
  afterAll(async () => {
    reader?.cut();
    await mallory?.close();
    await ddp?.stop();
    await presence?.end('SIGKILL');
    await nats?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  async function attack({ packet }: HostileKind, first: number): Promise<void> {
    for (let i = first; i < first + EACH / ROUNDS; i++) {
      const { subject, bytes } = packet(i);
      mallory.publish(`MOL.${subject}`, bytes);
    }
    await mallory.flush();
  }

  /** A login is answered, and is told to whoever subscribes; ann, who did nothing, is where she was. */
  async function serves(): Promise<void> {
    const uid = `user-${(logins += 1)}`;
    await eventually(() => ddp.callAt(NODE, 'newConnection', uid, `s-${uid}`, VICTIM), { timeoutMs: 20_000 });
    await reader.knows({ [uid]: 'online', ann: 'online' }, 20_000);
    await ddp.callAt(NODE, 'removeConnection', uid, `s-${uid}`);
  }

  const nodesOf = async (nodeID: string) =>
    (await ddp.broker.call<{ id: string }[], object>('$node.list', { onlyAvailable: true }, { nodeID })).map(
      ({ id }) => id,
    );

  describe.each(Array.from({ length: ROUNDS }, (_, round) => round))('in round %i', (round) => {
    test.each(KINDS.map((kind) => [kind.title, kind] as const))('%s: changes nothing', async (_title, kind) => {
      await attack(kind, (round * EACH) / ROUNDS);
      await serves();
    });

    test('the process holds what it held', async () => {
      const after = await probe.figures();
      process.stderr.write(
        `${describeFigures(`${(EACH * (round + 1)) / ROUNDS} of each of ${KINDS.length} kinds`, before, after)}\n`,
      );
      // A file of the store may be open just now.
      expect(after.descriptors).toBeLessThanOrEqual(before.descriptors + 2);
      expect(after.resources.Timeout ?? 0).toBeLessThanOrEqual((before.resources.Timeout ?? 0) + 10);
      expect(after.listeners).toBe(before.listeners);
      // What is kept is bounded: the first round may fill it.
      if (round > 0) expect(after.heapBytes).toBeLessThan(before.heapBytes + MAY_GROW_BYTES);
      before = after;
    });
  });

  test.each(['options', 'metrics', 'health', 'actions', 'events'])('$node.%s is not to be had', async (action) => {
    await expect(ddp.broker.call(`$node.${action}`, {}, { nodeID: NODE })).rejects.toThrow();
    const id = `ask-${action}`;
    const answered = new Promise<string>((resolve) => {
      mallory.subscribe('MOL.RES.mallory', { max: 1, callback: (_error, message) => resolve(message.string()) });
    });
    mallory.publish(
      `MOL.REQ.${NODE}`,
      JSON.stringify({ ver: '4', sender: 'mallory', id, action: `$node.${action}`, params: {} }),
    );
    const answer = await answered;
    expect(answer).toContain('SERVICE_NOT_FOUND');
    expect(answer).not.toContain(SECRET);
  });

  test.each(['list', 'services'])('$node.%s is, as Rocket.Chat asks for it', async (action) => {
    const answer = await ddp.broker.call(`$node.${action}`, {}, { nodeID: NODE });
    expect(JSON.stringify(answer)).toContain(NODE);
    expect(JSON.stringify(answer)).not.toContain(SECRET);
  });

  test('nobody was logged out, and nothing was told of ann but her login', async () => {
    expect(ddp.statuses.filter(({ user }) => user._id === 'ann').map(({ user }) => user.status as string)).toEqual([
      'online',
    ]);
    expect(await ddp.call<object>('getConnectionCount')).toMatchObject({ max: 200 });
  });

  test('a node that is no attacker can join', async () => {
    const late = await startRocketChatNode(nats.url, 'ddp-late');
    // Those that were made up have to be lost first, where there are as many of them as are kept.
    await eventually(async () => expect(await nodesOf(NODE)).toContain('ddp-late'), { timeoutMs: 30_000 });
    await eventually(() => late.callAt(NODE, 'newConnection', 'late', 's-late', 'ddp-late'), { timeoutMs: 20_000 });
    await late.stop();
    await reader.knows({ late: 'offline' }, 20_000);
  });

  test('the log has a line of it now and then, and no line for each packet', () => {
    expect(presence.output).toContain('dropped packets of the bus');
    expect(presence.output).not.toContain(SECRET);
    // Of each node that is lost Moleculer has two lines; the nodes are bounded.
    const others = presence.output
      .split('\n')
      .filter((line) => !/Heartbeat is not received|disconnected unexp/.test(line));
    expect(others.length).toBeLessThan(50);
  });
});
