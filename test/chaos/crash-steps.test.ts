import type { Db } from 'mongodb';
import { eventsOf } from '../helpers/bus-fixture';
import { gaps, halfDone, storedIn, untrueRevs } from '../helpers/chaos-oracle';
import { CrashPoints, type CrashPoint } from '../helpers/crash-points';
import { eventually } from '../helpers/eventually';
import { freePort } from '../helpers/free-port';
import { startMongoProxy, type MongoProxy } from '../helpers/mongo-proxy';
import { freshDatabase, startMongo, withDb, type MongoServer } from '../helpers/mongo-server';
import { startNats, type NatsServer } from '../helpers/nats-server';
import { NodeProcess } from '../helpers/node-process';
import { startRocketChatNode, type RocketChatNode } from '../helpers/rocket-chat-node';
import { onProxiedMongo } from '../helpers/suites';

const CORE = 'core-1';
const SURVIVOR = 'survivor';
const SYNC_INTERVAL_MS = 1_000;
/** A step of the walk begins SYNC_INTERVAL after the end of the last; the rest is for a busy machine. */
const REPAIRED_WITHIN_MS = 2 * SYNC_INTERVAL_MS;
const ALLOWANCE_MS = 1_000;
/** Victims that are there at once. */
const AT_ONCE = 5;
const PATIENT = { timeoutMs: 30_000 };

/** A call that changes what is shown, and the calls before it. */
interface CrashingCall {
  readonly before: readonly (readonly [action: string, ...args: unknown[]])[];
  readonly call: readonly [action: string, ...args: unknown[]];
  readonly from: string;
  readonly to: string;
}

interface Crash {
  /** How long the user was shown otherwise than the sessions say, milliseconds. */
  readonly halfDoneMs: number;
  readonly lostItsEvent: boolean;
}

const CALLS: Record<string, (uid: string) => CrashingCall> = {
  newConnection: (uid) => ({
    before: [
      ['newConnection', uid, `${uid}/first`, CORE],
      ['removeConnection', uid, `${uid}/first`],
    ],
    call: ['newConnection', uid, `${uid}/s`, CORE],
    from: 'offline',
    to: 'online',
  }),
  removeConnection: (uid) => ({
    before: [['newConnection', uid, `${uid}/s`, CORE]],
    call: ['removeConnection', uid, `${uid}/s`],
    from: 'online',
    to: 'offline',
  }),
  setStatus: (uid) => ({
    before: [['newConnection', uid, `${uid}/s`, CORE]],
    call: ['setStatus', uid, 'busy', 'until the crash'],
    from: 'online',
    to: 'busy',
  }),
};
const NAMES = Object.keys(CALLS);
type CountedPoint = CrashPoint & { readonly command: number };

/** On real processes: wherever in a call a replica ends, another one puts right what is half done. */
onProxiedMongo('crash-steps')('a replica that ends in a call', () => {
  let mongo: MongoServer;
  let proxy: MongoProxy;
  let nats: NatsServer;
  let database: ReturnType<typeof freshDatabase>;
  let core: RocketChatNode;
  let points: CrashPoints;
  /** The commands of each call, in order. */
  const commands = new Map<string, readonly string[]>();
  const nodes: NodeProcess[] = [];
  /** Calls to victims: nobody is left who could answer, so they fail once the victim is missed. */
  const unanswered: Promise<unknown>[] = [];

  beforeAll(async () => {
    mongo = await startMongo();
    proxy = await startMongoProxy(mongo.url);
    nats = await startNats();
    database = freshDatabase(mongo);
    core = await startRocketChatNode(nats.url, CORE);
    points = new CrashPoints(proxy);
    await startNode('observer', database.url, { PRESENCE_ROLE: 'observer' });
    await countCommands();
    await startNode(SURVIVOR, database.url, { SYNC_INTERVAL: String(SYNC_INTERVAL_MS) });
  }, 60_000);
  afterAll(async () => {
    await Promise.all(nodes.map((node) => node.end('SIGKILL')));
    await Promise.allSettled(unanswered);
    await core?.stop();
    await nats?.stop();
    await proxy?.stop();
    await database?.drop();
    await mongo?.stop();
  });

  async function startNode(id: string, url: string, env: Record<string, string>): Promise<NodeProcess> {
    const node = NodeProcess.start({
      TRANSPORTER: nats.url,
      MONGO_URL: url,
      INSTANCE_ID: id,
      PORT: String(await freePort()),
      ...env,
      SESSION_LEASE: '600', // longer than the test: no session may end by itself
      HEARTBEAT_INTERVAL: '1',
      HEARTBEAT_TIMEOUT: '10',
      LOG_LEVEL: 'warn',
    });
    nodes.push(node);
    await eventually(() => core.callAt(id, 'getConnectionCount'), PATIENT);
    return node;
  }

  /** As an observer beside another, which looks at what others change, it does what it is called for and nothing else: it neither leads nor repairs. */
  const startVictim = (id: string) => startNode(id, proxy.url(database.name), { PRESENCE_ROLE: 'observer' });

  /** On a node that is alone: nobody else’s work comes between. */
  async function countCommands(): Promise<void> {
    const node = await startVictim('counted');
    for (const name of NAMES) {
      const uid = `${name}/counted`;
      const { before, call } = CALLS[name]!(uid);
      for (const [action, ...args] of before) await core.callAt('counted', action, ...args);
      const passed = points.record(uid);
      const [action, ...args] = call;
      await core.callAt('counted', action, ...args);
      commands.set(name, [...passed]);
    }
    await node.end('SIGKILL');
  }

  function pointsOf(name: string): CountedPoint[] {
    const isWanted = (command: string) => !mongo.slow || command.startsWith('update ');
    return commands
      .get(name)!
      .flatMap((text, command) =>
        isWanted(text) ? (['before', 'after'] as const).map((when) => ({ command, when })) : [],
      );
  }

  /** From when on the change is stored and nobody has been told of it: the event may be lost (docs/EVENTS.md). */
  function mayLoseEvent(name: string, { command, when }: CountedPoint): boolean {
    const written = commands.get(name)!.indexOf('update users');
    return command > written || (command === written && when === 'after');
  }

  /** One crash, and what is promised about it. */
  async function crash(name: string, point: CountedPoint, db: Db): Promise<Crash> {
    const uid = `${name}/${point.command}-${point.when}`;
    const { before, call, from, to } = CALLS[name]!(uid);
    for (const [action, ...args] of before) await core.callAt(SURVIVOR, action, ...args);
    await eventually(() => expect(eventsOf(core, uid).at(-1)?.user.status).toBe(from));

    const id = `victim-${name}-${point.command}-${point.when}`;
    const victim = await startVictim(id);
    const crashed = points.arm(uid, point, () => victim.end('SIGKILL'));
    const [action, ...args] = call;
    const called = core.callAt(id, action, ...args);
    called.catch(() => undefined); // looked at only at the end
    unanswered.push(called);
    const crashedAt = await Promise.race([crashed, endOf(called, uid)]);
    const leftHalfDone = halfDone(await storedIn(db, [uid])).length > 0;
    await eventually(async () => expect(halfDone(await storedIn(db, [uid]))).toEqual([]), {
      timeoutMs: REPAIRED_WITHIN_MS + ALLOWANCE_MS,
    });
    const halfDoneMs = leftHalfDone ? performance.now() - crashedAt : 0;

    // A change that is one whatever became of the call: what listeners are told then must fit what they were told before.
    await core.callAt(SURVIVOR, 'newConnection', uid, `${uid}/next`, CORE);
    await core.callAt(SURVIVOR, 'setStatus', uid, 'away');
    await eventually(() => expect(eventsOf(core, uid).at(-1)?.user.status).toBe('away'));
    expect(untrueRevs(core, uid, await storedIn(db, [uid]))).toEqual([]);
    // Events by revision are an unbroken chain, but for the one that nobody is left to tell. The victim may have come too late
    // for it: when the survivor put the user right just before, it was its change and is told.
    const found = gaps(core, uid);
    const lost = [`${from} → ${to}`];
    expect({ uid, gaps: found }).toEqual({ uid, gaps: mayLoseEvent(name, point) && found.length > 0 ? lost : [] });
    return { halfDoneMs, lostItsEvent: found.length > 0 };
  }

  /** A call that ends before its victim does never came to the point: this says how it ended. */
  const endOf = (called: Promise<unknown>, uid: string): Promise<never> =>
    called.then(
      (answer) => Promise.reject(new Error(`${uid} was answered and nothing ended: ${JSON.stringify(answer)}`)),
      (error: Error) => Promise.reject(new Error(`${uid} failed before anything ended: ${error.message}`)),
    );

  it.each(NAMES)(
    'in %s, before and after each command',
    async (name) => {
      const pending = pointsOf(name);
      const crashes: Crash[] = [];
      await withDb(database.url, async (db) => {
        while (pending.length > 0) {
          crashes.push(...(await Promise.all(pending.splice(0, AT_ONCE).map((point) => crash(name, point, db)))));
        }
      });
      const repairs = crashes.map(({ halfDoneMs }) => halfDoneMs).filter((ms) => ms > 0);
      const longest = Math.round(Math.max(0, ...repairs));
      process.stderr.write(
        `${name}: ${crashes.length} crashes, ${repairs.length} left something half done, longest for ${longest} ms\n`,
      );
      // Else nothing ever ended between the two writes.
      if (commands.get(name)!.includes('update usersSessions')) expect(repairs.length).toBeGreaterThan(0);
      // Else it is no loss, and docs/EVENTS.md tells of one.
      expect(crashes.some(({ lostItsEvent }) => lostItsEvent)).toBe(true);
    },
    120_000,
  );
});
