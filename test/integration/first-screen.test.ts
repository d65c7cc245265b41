import { promises as fs, readFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { eventually } from '../helpers/eventually';
import { freePort } from '../helpers/free-port';
import { startNats } from '../helpers/nats-server';
import { AT_TERMINAL, NodeProcess } from '../helpers/node-process';
import { startRocketChatNode } from '../helpers/rocket-chat-node';

const README = readFileSync(path.join(__dirname, '../../README.md'), 'utf8');

/** README's first screen, line by line, as a newcomer would go through it; ports and folders are free ones here. */
describe('README’s first screen', () => {
  let folder: string;
  let env: Record<string, string>;
  const running: NodeProcess[] = [];

  beforeEach(async () => {
    folder = await fs.mkdtemp(path.join(os.tmpdir(), 'presence-readme-'));
    env = { PORT: String(await freePort()), DATA_DIR: path.join(folder, 'data') };
  });
  afterEach(async () => {
    for (const node of running.splice(0)) await node.end('SIGKILL');
    await fs.rm(folder, { recursive: true, force: true });
  });

  function start(
    args: readonly string[] = [],
    more: Record<string, string> = {},
    under: readonly string[] = [],
  ): NodeProcess {
    const node = NodeProcess.start({ ...env, ...more }, args, under);
    running.push(node);
    return node;
  }

  test('the node runs, says what runs where, and the printed curl line answers ok', async () => {
    const node = start([], {}, AT_TERMINAL);
    await node.says('Try:');
    const url = /curl (http:\S+\/health)/.exec(node.output)![1]!;
    expect(README).toContain(`curl ${url.replace(env.PORT!, '3005')}`);
    const answer = await fetch(url);
    expect([answer.status, await answer.text()]).toEqual([200, 'ok']);
    await expect(fetch(url.replace('/health', '/else'))).resolves.toMatchObject({ status: 404 });
    expect(node.output).toContain('token for the HTTP API, shown this once: ');
  });

  test('a log has one line instead, each of its lines is JSON, and none holds the token', async () => {
    const node = start();
    await node.says('is running');
    expect(node.output).toContain(
      `HTTP http://127.0.0.1:${env.PORT}, health http://127.0.0.1:${env.PORT}/health, bus none`,
    );
    await expect(node.end('SIGTERM')).resolves.toBe(0);
    const lines = node.output
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { msg: string });
    expect(lines.filter(({ msg }) => msg.startsWith('Waiting for'))).toEqual([]);
    const token = (await fs.readFile(path.join(env.DATA_DIR!, 'api-token'), 'utf8')).trim();
    expect(node.output).not.toContain(token);
    expect(node.output).toContain(path.join(env.DATA_DIR!, 'api-token'));
  });

  test('the lines for the prompt do what they say', async () => {
    const lines = [...README.matchAll(/^mol \$ (.+)$/gm)].map((match) => match[1]!);
    expect(lines).toHaveLength(3);
    const node = start(['--repl']);
    await node.says('mol $');
    const answers = ['connectionId', 'true', 'current'];
    for (const [i, line] of lines.entries()) {
      node.type(line);
      await node.says(answers[i]!);
    }
    expect(node.output).not.toContain('ERROR');
  });

  test('with TRANSPORTER it is on the bus, and what was told before a kill is there after', async () => {
    const nats = await startNats();
    const core = await startRocketChatNode(nats.url, 'core-1');
    try {
      const first = start([], { TRANSPORTER: nats.url, INSTANCE_ID: 'presence-1' });
      await core.broker.waitForServices('presence', 20_000, 20);
      await core.call('newConnection', 'ann', 's1', 'core-1');
      await core.call('setStatus', 'ann', 'busy', 'still here');
      await first.end('SIGKILL');
      start([], { TRANSPORTER: nats.url, INSTANCE_ID: 'presence-2' });
      await eventually(
        async () => expect(await core.callAt('presence-2', 'getConnectionCount')).toEqual({ current: 1, max: 200 }),
        { timeoutMs: 20_000 },
      );
    } finally {
      await core.stop();
      await nats.stop();
    }
  });

  test('faults of the configuration are told all at once, in plain lines', async () => {
    const node = start([], { PORT: 'x', LOG_LEVEL: 'loud', SERIALIZER: 'Foo' });
    await expect(node.exit()).resolves.toBe(1);
    expect(node.output).toContain('SERIALIZER:');
    expect(node.output).toContain('PORT:');
    expect(node.output).toContain('LOG_LEVEL:');
    expect(node.output).not.toContain('    at ');
  });

  test('an argument that is not known is told in one line', async () => {
    const node = start(['--rpl']);
    await expect(node.exit()).resolves.toBe(1);
    expect(node.output).toMatch(/^The node did not start\. --rpl is no argument of the node: [^\n]*\n$/);
  });

  test('what cannot be used is told by the name of its variable, in one line', async () => {
    const taken = start();
    await taken.says('is running');
    const port = async () => String(await freePort());
    const cases: [Record<string, string>, string][] = [
      [{ PORT: await port(), DATA_DIR: path.join(__filename, 'data') }, 'DATA_DIR'],
      [{ PORT: await port(), DATA_DIR: ':memory:', HOST: '192.0.2.1' }, 'HOST 192.0.2.1 is no address of this machine'],
      [{ PORT: await port(), DATA_DIR: ':memory:', HEALTH_CHECK_PORT: env.PORT! }, `HEALTH_CHECK_PORT ${env.PORT}`],
    ];
    for (const [more, expected] of cases) {
      const node = start([], more);
      await expect(node.exit()).resolves.toBe(1);
      const told = node.output.split('\n').filter((line) => line.includes('did not start'));
      expect(told).toEqual([expect.stringContaining(expected)]);
      expect(node.output).not.toContain('    at ');
    }
  });

  test('a folder and a port in use are each told in one line', async () => {
    const first = start();
    await first.says('is running');
    const sameFolder = start([], { PORT: String(await freePort()) });
    await expect(sameFolder.exit()).resolves.toBe(1);
    expect(sameFolder.output).toContain('is in use by another running node');
    const samePort = start([], { DATA_DIR: ':memory:' });
    await expect(samePort.exit()).resolves.toBe(1);
    expect(samePort.output).toContain(`PORT ${env.PORT} on 127.0.0.1 is in use`);
  });
});
