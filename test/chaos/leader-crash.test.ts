import { eventsOf, shown } from '../helpers/bus-fixture';
import { gaps, halfDone, storedIn, untrueRevs } from '../helpers/chaos-oracle';
import { CrashPoints } from '../helpers/crash-points';
import { eventually } from '../helpers/eventually';
import { startMongoProxy, type MongoProxy } from '../helpers/mongo-proxy';
import { freshDatabase, startMongo, withDb, type MongoServer } from '../helpers/mongo-server';
import { startNats, type NatsServer } from '../helpers/nats-server';
import { startPresenceProcess, type PresenceProcess } from '../helpers/presence-process';
import { startRocketChatNode, type RocketChatNode } from '../helpers/rocket-chat-node';
import { onProxiedMongo } from '../helpers/suites';

const CORE = 'core-1';
const SYNC_INTERVAL_MS = 2_000;
/** The lease of who leads is as long, and is asked for three times in it: then the walk begins at once. */
const REPAIRED_WITHIN_MS = 2 * SYNC_INTERVAL_MS;
const ALLOWANCE_MS = 1_000;
const CRASHES = ['newConnection', 'removeConnection', 'newConnection', 'removeConnection'] as const;
const PATIENT = { timeoutMs: 30_000 };

/**
 * On real processes. What a call left half done is put right by the one that leads (crash-steps); here that one itself makes the call
 * and ends between its two writes.
 */
onProxiedMongo('leader-crash')('the replica that leads', () => {
  let mongo: MongoServer;
  let proxy: MongoProxy;
  let nats: NatsServer;
  let database: ReturnType<typeof freshDatabase>;
  let core: RocketChatNode;
  let points: CrashPoints;
  const replicas: PresenceProcess[] = [];
  /** Calls to those that are killed: nobody is left who could answer. */
  const unanswered: Promise<unknown>[] = [];

  beforeAll(async () => {
    mongo = await startMongo();
    proxy = await startMongoProxy(mongo.url);
    nats = await startNats();
    database = freshDatabase(mongo);
    core = await startRocketChatNode(nats.url, CORE);
    points = new CrashPoints(proxy);
    await startReplica();
    await replicas[0]!.process.says(LEADS);
  }, 60_000);
  afterAll(async () => {
    for (const { process } of replicas) await process.end('SIGKILL');
    await Promise.allSettled(unanswered);
    await core?.stop();
    await nats?.stop();
    await proxy?.stop();
    await database?.drop();
    await mongo?.stop();
  }, 60_000);

  const LEADS = 'this replica does the jobs that one replica does';

  async function startReplica(): Promise<void> {
    const id = `presence-${replicas.length + 1}`;
    const env = {
      SYNC_INTERVAL: String(SYNC_INTERVAL_MS),
      SESSION_LEASE: '600', // longer than the test: no session may end by itself
      HEARTBEAT_TIMEOUT: '10',
      LOG_LEVEL: 'info',
    };
    replicas.push(await startPresenceProcess(core, { id, natsUrl: nats.url, mongoUrl: proxy.url(database.name), env }));
  }

  const stored = (uid: string) => withDb(database.url, (db) => storedIn(db, [uid]));

  it.each(CRASHES.map((action, i) => ({ action, uid: `user-${i}` })))(
    'that ends in $action of $uid is followed by another, which puts right what it left',
    async ({ action, uid }) => {
      const leader = replicas.at(-1)!;
      expect(leader.process.output).toContain(LEADS);
      await startReplica();
      const next = replicas.at(-1)!;
      await core.callAt(next.id, 'newConnection', uid, `${uid}/first`, CORE);
      if (action === 'newConnection') await core.callAt(next.id, 'removeConnection', uid, `${uid}/first`);
      const session = action === 'newConnection' ? `${uid}/second` : `${uid}/first`;
      expect(next.process.output).not.toContain(LEADS);

      const crashed = points.arm(uid, { command: 'update usersSessions', when: 'after' }, () =>
        leader.process.end('SIGKILL'),
      );
      const called = core.callAt(leader.id, action, uid, session, CORE);
      called.catch(() => undefined); // looked at only at the end
      unanswered.push(called);
      const crashedAt = await crashed;
      expect(halfDone(await stored(uid))).toHaveLength(1);
      await eventually(async () => expect(halfDone(await stored(uid))).toEqual([]), PATIENT);
      const tookMs = Math.round(performance.now() - crashedAt);
      process.stderr.write(`${action} of a replica that led: half done for ${tookMs} ms\n`);
      expect(tookMs).toBeLessThan(REPAIRED_WITHIN_MS + ALLOWANCE_MS);

      const statuses = action === 'newConnection' ? ['online', 'offline', 'online'] : ['online', 'offline'];
      await eventually(() => expect(shown(core, uid)).toEqual(statuses), PATIENT);
      expect(eventsOf(core, uid).length).toBe(statuses.length);
      expect([...untrueRevs(core, uid, await stored(uid)), ...gaps(core, uid)]).toEqual([]);
    },
    60_000,
  );
});
