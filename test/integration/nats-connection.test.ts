import { ServiceBroker } from 'moleculer';
import { readConfig } from '../../lib/config/env';
import { brokerOptions } from '../../moleculer.config';
import { eventually } from '../helpers/eventually';
import { freePort } from '../helpers/free-port';
import { logLines, type LogLine } from '../helpers/log-lines';
import { startNats, type NatsServer } from '../helpers/nats-server';
import { onOwnNats } from '../helpers/suites';

const whenOurs = onOwnNats('the connection to NATS');

interface Node {
  readonly broker: ServiceBroker;
  readonly lines: readonly LogLine[];
  readonly started: Promise<void>;
}

let nats: NatsServer | undefined;
const nodes: Node[] = [];

/** A node of the bus with the options of the real one, and an action to call. */
function startNode(url: string, nodeID: string): Node {
  const { logger, lines } = logLines();
  const config = readConfig({ TRANSPORTER: url, INSTANCE_ID: nodeID, HEARTBEAT_INTERVAL: '1', HEARTBEAT_TIMEOUT: '3' });
  const broker = new ServiceBroker({ ...brokerOptions(config), logger, skipProcessEventRegistration: true });
  broker.createService({ name: nodeID, actions: { ping: () => 'pong' } });
  const node = { broker, lines, started: broker.start() };
  nodes.push(node);
  return node;
}

afterEach(async () => {
  await Promise.all(nodes.splice(0).map(({ broker }) => broker.stop()));
  await nats?.stop();
  nats = undefined;
});

const at = (server: NatsServer, credentials = '') => server.url.replace('//', `//${credentials}`);
const errorsOf = ({ lines }: Node) => lines.filter(({ level }) => level === 'error').map(({ text }) => text);

whenOurs('the connection to NATS', () => {
  test.each([
    [['--user', 'rc', '--pass', 'p@s#s/w'], 'rc:p%40s%23s%2Fw@'],
    [['--auth', 'tok123'], 'tok123@'],
    [['--auth', 'a/b:c'], 'a%2Fb%3Ac@'],
  ])('with %j is there for %s', async (args, credentials) => {
    nats = await startNats(freePort, args);
    await startNode(at(nats, credentials), 'a').started;
  });

  test('of a list the server that is there is taken', async () => {
    nats = await startNats(freePort, ['--auth', 'tok123']);
    await startNode(`nats://tok123@127.0.0.1:${await freePort()},${at(nats, 'tok123@')}`, 'a').started;
  });

  test('comes back after the server has refused it for a while, and the log says why it was away, without the password', async () => {
    const right = ['--user', 'rc', '--pass', 'secret-1'];
    nats = await startNats(freePort, right);
    const [a, b] = ['a', 'b'].map((id) => startNode(at(nats!, 'rc:secret-1@'), id)) as [Node, Node];
    await Promise.all([a.started, b.started]);
    await nats.restart(['--user', 'rc', '--pass', 'secret-2']);
    await eventually(() => expect(errorsOf(a).join()).toContain('Authorization Violation'), { timeoutMs: 30_000 });
    await nats.restart(right);
    const textsOf = ({ lines }: Node) => lines.map(({ text }) => text).join();
    // Both: a call to one that is not back is lost, and its caller waits for a minute.
    for (const node of [a, b])
      await eventually(() => expect(textsOf(node)).toContain('NATS connected after'), { timeoutMs: 20_000 });
    await eventually(() => expect(a.broker.call('b.ping')).resolves.toBe('pong'), { timeoutMs: 20_000 });
    expect(errorsOf(a).filter((line) => line.includes('Authorization'))).toHaveLength(1);
    expect(errorsOf(a)[0]).toContain(new URL(nats.url).host);
    expect(JSON.stringify(a.lines)).not.toContain('secret');
  }, 90_000);

  test('is made anew where the client has closed for good', async () => {
    nats = await startNats();
    const [a, b] = ['a', 'b'].map((id) => startNode(nats!.url, id)) as [Node, Node];
    await Promise.all([a.started, b.started]);
    const tx = a.broker.transit!.tx as unknown as { client: { close(): Promise<void> } };
    const first = tx.client;
    await first.close();
    await eventually(() => expect(a.broker.call('b.ping')).resolves.toBe('pong'), { timeoutMs: 20_000 });
    await eventually(() => expect(b.broker.call('a.ping')).resolves.toBe('pong'), { timeoutMs: 20_000 });
    expect(tx.client).not.toBe(first);
  });

  test('is waited for at the start, with one line that has address and reason', async () => {
    nats = await startNats();
    await nats.stop();
    const node = startNode(at(nats, 'rc:secret-1@'), 'a');
    await eventually(() => expect(errorsOf(node)).toHaveLength(1));
    const { host } = new URL(nats.url);
    expect(errorsOf(node)[0]).toContain(`NATS unavailable at ${host}: connect ECONNREFUSED ${host}`);
    await nats.restart();
    await node.started;
    expect(node.lines.map(({ level }) => level)).toEqual(['error', 'warn']);
    expect(JSON.stringify(node.lines)).not.toContain('secret');
  });

  test('a node that waits for it can be stopped', async () => {
    const node = startNode(`nats://127.0.0.1:${await freePort()}`, 'a');
    await eventually(() => expect(errorsOf(node)).toHaveLength(1));
    await node.broker.stop();
  });
});
