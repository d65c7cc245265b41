import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { runInNewContext } from 'node:vm';
import { bareEnv } from '../helpers/clock-env';
import { BusFixture, eventsOf } from '../helpers/bus-fixture';
import { commandsIn, sampleOf, samplesOf } from '../helpers/document-samples';
import { eventually } from '../helpers/eventually';
import { freePort } from '../helpers/free-port';
import { freshDatabase, startMongo } from '../helpers/mongo-server';
import { startNats } from '../helpers/nats-server';

const ROOT = path.join(__dirname, '../..');
const STARTS_WITHIN = { timeoutMs: 40_000 };

/** Commands and samples of README.md and docs/, as they stand there; addresses and folders are free ones here. */
describe('commands that start the node', () => {
  let folder: string;
  let running: ChildProcess | undefined;
  let said: string;

  beforeEach(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'presence-documents-'));
  });
  afterEach(async () => {
    if (running?.exitCode === null && running.signalCode === null) {
      const ended = once(running, 'exit');
      process.kill(-running.pid!, 'SIGKILL');
      await ended;
    }
    await rm(folder, { recursive: true, force: true });
  });

  /** Runs a line as a shell does, in a process group of its own. @returns the address it listens on */
  async function start(line: string): Promise<string> {
    const port = await freePort();
    said = '';
    running = spawn('sh', ['-c', line], {
      cwd: ROOT,
      detached: true,
      // A folder of its own: the node before, of which only the shell has ended, may still hold its.
      env: { ...bareEnv(), HOME: folder, PORT: String(port), DATA_DIR: path.join(folder, String(port)) },
    });
    for (const stream of [running.stdout!, running.stderr!])
      stream.on('data', (text: Buffer) => (said += String(text)));
    const url = `http://127.0.0.1:${port}`;
    await eventually(async () => {
      const answer = await fetch(`${url}/health`).catch(() => undefined);
      if (answer?.status !== 200) throw new Error(`it is not healthy (${answer?.status}); it said:\n${said}`);
    }, STARTS_WITHIN);
    return url;
  }

  test('README.md’s npm start runs a node with an embedded store', async () => {
    const url = await start(commandsIn(sampleOf('README.md', 'npm start    #'))[0]!);
    expect(await (await fetch(`${url}/health`)).text()).toBe('ok');
  }, 60_000);

  test('README.md’s npm start with a prompt has one', async () => {
    await start(commandsIn(sampleOf('README.md', 'npm start -- --repl'))[0]!);
    await eventually(() => expect(said).toContain('mol $'));
  }, 60_000);

  test('README.md and docs/OPERATIONS.md name the bus and the database in a way that works', async () => {
    const [nats, mongo] = await Promise.all([startNats(), startMongo()]);
    const database = freshDatabase(mongo);
    const lines = [
      sampleOf('README.md', 'TRANSPORTER='),
      sampleOf('README.md', 'MONGO_URL='),
      sampleOf('docs/OPERATIONS.md', 'npm start '),
    ].flatMap(commandsIn);
    expect(lines).toHaveLength(4);
    try {
      for (const line of lines.filter((one, i) => lines.indexOf(one) === i)) {
        const here = line.replace(/nats:\/\/[\w.]+:4222/, nats.url).replace(/mongodb:\/\/[^' ]+/, database.url);
        const url = await start(here);
        const health = await fetch(`${url}/health`, { headers: { accept: 'application/json' } });
        const { bus, store } = (await health.json()) as Record<string, string>;
        expect([line, bus]).toEqual([line, line.includes('TRANSPORTER') ? 'connected' : 'none']);
        expect([line, store]).toEqual([line, 'there']);
        process.kill(-running!.pid!, 'SIGTERM');
        await once(running!, 'exit');
      }
    } finally {
      await database.drop();
      await mongo.stop();
      await nats.stop();
    }
  }, 120_000);
});

describe('samples of the bus', () => {
  let bus: BusFixture;
  beforeAll(async () => {
    bus = await BusFixture.start();
  });
  afterAll(() => bus.stop());

  test('docs/API.md’s two calls do the same, and docs/EVENTS.md’s event is what is heard of them', async () => {
    const replica = await bus.replica({ nodeID: 'presence-1' });
    const core = await bus.rocketChat('core-1');
    const users = [{ _id: 'ann', username: 'ann', name: 'Ann Smith', roles: ['user'] }];
    await replica.broker.call('presence.upsertUsers', { users });
    await core.call('newConnection', 'ann', 's1', 'core-1');
    const { text } = sampleOf('docs/API.md', 'await broker.call');
    const calls = text.trim().split('\n');
    expect(calls).toHaveLength(2);
    for (const call of calls) {
      await runInNewContext(`(async () => { ${call} })()`, { broker: core.broker, Date });
      await eventually(() => expect(eventsOf(core, 'ann').at(-1)?.user.status).toBe('busy'));
      const { user } = eventsOf(core, 'ann').at(-1)!;
      expect(user).toMatchObject({ status: 'busy', statusText: 'in a meeting', statusSource: 'manual' });
      if (call === calls[0]) {
        const [{ user: documented, ...rest }] = JSON.parse(sampleOf('docs/EVENTS.md', '[{').text) as [
          { user: Record<string, unknown> },
        ];
        const { argumentCount, ...heard } = eventsOf(core, 'ann').at(-1)!;
        const expiresAt = documented.statusExpiresAt as { $date: number };
        expect(user).toEqual({ ...documented, statusExpiresAt: new Date(expiresAt.$date) });
        expect([Object.keys(heard).sort(), argumentCount]).toEqual([['user', ...Object.keys(rest)].sort(), 1]);
        expect(heard.previousStatus).toBe((rest as { previousStatus: string }).previousStatus);
        await core.call('setStatus', 'ann', 'online');
      }
    }
    expect(samplesOf('docs/EVENTS.md')).toHaveLength(1);
  });
});
