import { promises as fs } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { DeliveriesPage } from '../../lib/callbacks/desk';
import type { Registered } from '../helpers/callback-fixture';
import { Load } from '../helpers/chaos-load';
import { eventually } from '../helpers/eventually';
import { HookReceiver } from '../helpers/hook-receiver';
import { freshDatabase, sizes, startMongo, withDb, type MongoServer } from '../helpers/mongo-server';
import { startNats, type NatsServer } from '../helpers/nats-server';
import { reportOf, TalkingUser, type DeliveryReport } from '../helpers/outbox-load';
import { startPresenceProcess, type PresenceProcess } from '../helpers/presence-process';
import { startRocketChatNode, type RocketChatNode } from '../helpers/rocket-chat-node';

const CORE = 'core-1';
const PATIENT = { timeoutMs: 120_000 };
/** Of a caller between two calls: receivers and nodes share the machine. */
const PAUSE_MS = 5;
/** Six at full size. */
const ROUNDS = Number(process.env.OUTBOX_ROUNDS ?? 2);
/** Before and after each kill, with embedded stores. */
const EMBEDDED_CALLS = ROUNDS > 2 ? 1_000 : 300;
const ENV = {
  CALLBACKS_ALLOW_PRIVATE: 'true',
  SESSION_LEASE: '600', // longer than the test: nobody may go by himself
  SYNC_INTERVAL: '1000',
  HEARTBEAT_TIMEOUT: '10',
};

/** On real processes: whatever is killed, each change that was acknowledged is delivered. */
describe('callbacks of nodes that are killed under load, while their target comes and goes', () => {
  let nats: NatsServer;
  let core: RocketChatNode;
  let target: HookReceiver;
  /** Ids of messages that the target took, as often as it took them. */
  let taken: string[];
  const running: PresenceProcess[] = [];

  beforeEach(async () => {
    nats = await startNats();
    core = await startRocketChatNode(nats.url, CORE);
    target = await HookReceiver.start();
    taken = [];
    target.answer = ({ id }, response) => {
      response.on('finish', () => taken.push(id));
      response.writeHead(200).end();
    };
  }, 60_000);
  afterEach(async () => {
    for (const { process } of running.splice(0)) await process.end('SIGKILL');
    await core?.stop();
    await target?.down();
    await nats?.stop();
  }, 60_000);

  async function start(id: string, more: { mongoUrl?: string; env?: Record<string, string> }): Promise<void> {
    const env = { ...ENV, ...more.env };
    running.push(await startPresenceProcess(core, { id, natsUrl: nats.url, mongoUrl: more.mongoUrl, env }));
  }

  async function kill(id: string): Promise<void> {
    const [killed] = running.splice(
      running.findIndex((one) => one.id === id),
      1,
    );
    await killed!.process.end('SIGKILL');
  }

  /** @param round kills a node and starts one in its place, while the load goes on */
  async function run(callers: number, calls: number, rounds: number, round: (number: number) => Promise<void>) {
    await core.broker.waitForServices('callbacks', 20_000, 20);
    const users = Array.from({ length: callers }, (_, i) => new TalkingUser(`user-${i}`));
    for (const { uid } of users) await core.call('newConnection', uid, `of ${uid}`, CORE);
    const hook = { url: target.url, concurrency: 16 };
    const { id } = await core.broker.call<Registered, object>('callbacks.register', hook);
    const load = new Load(core, users, callers, PAUSE_MS);
    const goesOn = async () => {
      const goal = load.acknowledged + calls;
      await eventually(() => expect(load.acknowledged).toBeGreaterThanOrEqual(goal), PATIENT);
    };
    await goesOn();
    for (let number = 0; number < rounds; number++) {
      const isAway = number % 2 === 1;
      if (isAway) await target.down();
      await goesOn();
      await round(number);
      if (isAway) await target.up();
      await goesOn();
    }
    await load.stop();
    expect(load.faults).toEqual([]);
    expect(load.failed).toBeGreaterThan(0);
    await hurry(id);
    await eventually(() => expect(reportOf(users, target, taken).missing).toEqual([]), PATIENT);
    const report = reportOf(users, target, taken);
    process.stderr.write(`${told(report)}; ${rounds} kills, ${load.failed} calls failed\n`);
    expect(report.underSeveralIds).toEqual([]);
    expect(report.acknowledged).toBeGreaterThan(rounds * calls);
  }

  /** One of thousands may have failed so often while the target was away that it waits for minutes. What is lost is not among them. */
  async function hurry(id: string): Promise<void> {
    for (let after: string | undefined; ;) {
      const page = await core.broker.call<DeliveriesPage, object>('callbacks.deliveries', { id, after, limit: 100 });
      for (const { id: delivery } of page.deliveries) await core.broker.call('callbacks.retry', { id, delivery });
      if ((after = page.next) === undefined) return;
    }
  }

  const told = ({ acknowledged, taken: all, duplicates }: DeliveryReport) =>
    `${acknowledged} changes acknowledged, none missing, ${all} messages taken, ${duplicates} of them duplicates`;

  it('with embedded stores lose none', async () => {
    const folder = await fs.mkdtemp(path.join(os.tmpdir(), 'presence-outbox-'));
    try {
      const again = () => start('presence-1', { env: { DATA_DIR: folder } });
      await again();
      await run(16, EMBEDDED_CALLS, ROUNDS, async () => {
        await kill('presence-1');
        await again();
      });
      for (const { process } of running.splice(0)) await process.end('SIGKILL');
    } finally {
      await fs.rm(folder, { recursive: true, force: true, maxRetries: 5 });
    }
  }, 600_000);

  describe('on MongoDB', () => {
    let mongo: MongoServer;
    let database: ReturnType<typeof freshDatabase>;
    beforeAll(async () => {
      mongo = await startMongo();
      database = freshDatabase(mongo);
    }, 60_000);
    afterAll(async () => {
      await database?.drop();
      await mongo?.stop();
    }, 60_000);

    const leader = () =>
      withDb(database.url, async (db) => {
        const lease = await db.collection<{ _id: string; holder: string }>('presence_leases').findOne({});
        expect(running.map(({ id }) => id)).toContain(lease?.holder);
        return lease!.holder;
      });

    it('lose none when the one that delivers is killed', async () => {
      const names = ['presence-1', 'presence-2', 'presence-3'];
      for (const id of names) await start(id, { mongoUrl: database.url });
      const led: string[] = [];
      await run(sizes(mongo, 32), sizes(mongo, 500), mongo.slow ? 2 : 4, async (number) => {
        const id = await eventually(leader, PATIENT);
        led.push(id);
        await kill(id);
        await start(`presence-${names.length + number + 1}`, { mongoUrl: database.url });
      });
      expect(new Set(led).size).toBe(led.length);
    }, 600_000);
  });
});
