import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { BeatingUsers } from '../helpers/beating-users';
import { shown } from '../helpers/bus-fixture';
import { gaps, halfDone, storedIn, untrueRevs } from '../helpers/chaos-oracle';
import { endProcess, endWithUs } from '../helpers/child-process';
import { eventually } from '../helpers/eventually';
import { usersOf } from '../helpers/far-users';
import { freePort } from '../helpers/free-port';
import { freshDatabase, ownsMongo, startMongo, withDb, type MongoServer } from '../helpers/mongo-server';
import { ownsNats, startNats, type NatsServer } from '../helpers/nats-server';
import { NetLab } from '../helpers/net-lab';
import { NodeProcess } from '../helpers/node-process';
import { startRocketChatNode, type RocketChatNode, type StatusCall } from '../helpers/rocket-chat-node';
import { atFullSize } from '../helpers/suites';

const FAR_USERS = path.join(__dirname, '../helpers/far-users.ts');
const BEAT_EVERY_MS = 2_000;
const USERS = 40;
/** More than two times the heartbeat time-out and the grace, and than a call waits for the database. */
const CUT_MS = 12_000;
const PATIENT = { timeoutMs: 30_000 };

const lacks = NetLab.missing === undefined ? undefined : `no network namespaces here: ${NetLab.missing}`;
const missing = ownsMongo && ownsNats ? lacks : 'the servers are not ours';

/** On real processes: MongoDB, NATS and one replica on this side of a link, another replica beyond it. */
atFullSize('netsplit', missing)('a replica that is cut off silently', () => {
  let lab: NetLab;
  let mongo: MongoServer;
  let nats: NatsServer;
  let database: ReturnType<typeof freshDatabase>;
  let core: RocketChatNode;
  let other: RocketChatNode;
  let near: BeatingUsers;
  let ddp: ChildProcess;
  let [here, beyond]: NodeProcess[] = [];
  const [nearUids, farUids] = [usersOf('core-1', USERS), usersOf('ddp-b', USERS)];

  beforeAll(async () => {
    lab = NetLab.create();
    mongo = await startMongo();
    nats = await startNats();
    database = freshDatabase(mongo);
    for (const url of [database.url, nats.url]) await lab.offer(Number(new URL(url).port));
    core = await startRocketChatNode(nats.url, 'core-1');
    // With it those beyond are not most of the nodes, which would be doubted to be lost.
    other = await startRocketChatNode(nats.url, 'core-2');
    // The first to start leads: the other has to take over.
    beyond = await startReplica('presence-b', lab.inside);
    here = await startReplica('presence-a', []);
    near = new BeatingUsers(core, nearUids, BEAT_EVERY_MS);
    await Promise.all([near.arrive(), startDdp()]);
  }, 90_000);
  afterAll(async () => {
    await near?.stop();
    for (const replica of [here, beyond]) await replica?.end('SIGKILL');
    if (ddp) await endProcess(ddp, 'SIGKILL');
    for (const node of [core, other]) await node?.stop();
    await nats?.stop();
    await database?.drop();
    await mongo?.stop();
    lab?.remove();
  }, 60_000);

  const fromInside = (url: string) => url.replace('127.0.0.1', lab.host);

  async function startReplica(id: string, under: readonly string[]): Promise<NodeProcess> {
    const seen = under.length > 0 ? fromInside : (url: string) => url;
    const env = {
      TRANSPORTER: seen(nats.url),
      MONGO_URL: seen(database.url),
      INSTANCE_ID: id,
      PORT: String(await freePort()),
      HEARTBEAT_INTERVAL: '1',
      HEARTBEAT_TIMEOUT: '3',
      REQUEST_TIMEOUT: '10',
      SESSION_LEASE: '120', // longer than the test: no session may end by itself
      SYNC_INTERVAL: '1000',
      LOG_LEVEL: 'info',
    };
    const replica = NodeProcess.start(env, [], under);
    await eventually(() => core.callAt(id, 'getConnectionCount'), PATIENT);
    return replica;
  }

  async function startDdp(): Promise<void> {
    const args = ['--import', 'tsx', FAR_USERS, fromInside(nats.url), 'ddp-b', `${USERS}`, `${BEAT_EVERY_MS}`];
    const [program, ...rest] = [...lab.inside, process.execPath, ...args];
    ddp = spawn(program!, rest, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    endWithUs(ddp);
    expect((await once(ddp, 'message'))[0]).toBe('ready');
  }

  /** What the listener beyond has heard. */
  async function heardBeyond(): Promise<StatusCall[]> {
    const answer = once(ddp, 'message');
    ddp.send('what have you heard?');
    return (await answer)[0] as StatusCall[];
  }

  const show = (uids: readonly string[], ...statuses: string[]) =>
    expect(Object.fromEntries(uids.map((uid) => [uid, shown(core, uid)]))).toEqual(
      Object.fromEntries(uids.map((uid) => [uid, statuses])),
    );

  /** Logins, and every other one a logout, at the replica that is left. All are acknowledged. */
  async function comeAndGo(guests: readonly string[]): Promise<void> {
    await Promise.all(guests.map((uid) => core.callAt('presence-a', 'newConnection', uid, `${uid}/s`, 'core-1')));
    const leaving = guests.filter((_, i) => i % 2 === 1);
    await Promise.all(leaving.map((uid) => core.callAt('presence-a', 'removeConnection', uid, `${uid}/s`)));
  }

  const judged = /is gone: ended the sessions|no heartbeat for a lease/;

  it('judges nobody; the others go on; when it is back there is one truth', async () => {
    await eventually(() => show([...nearUids, ...farUids], 'online'), PATIENT);
    lab.cut();
    const cutAtMs = performance.now();
    const guests = usersOf('guest', USERS);
    await comeAndGo(guests);
    await eventually(() => show(farUids, 'online', 'offline'), PATIENT);
    const lostAfterMs = Math.round(performance.now() - cutAtMs);
    // The time-out, less what a heartbeat is old by when the link is cut, and the grace.
    expect(lostAfterMs).toBeGreaterThan(3_500);
    await eventually(() => expect(beyond!.output).toContain('bus lost'), PATIENT);
    await comeAndGo(usersOf('late', USERS));
    // Long enough for the one beyond to drop everybody, if it believed what it sees.
    await eventually(() => expect(performance.now() - cutAtMs).toBeGreaterThan(CUT_MS), { timeoutMs: 2 * CUT_MS });
    show(nearUids, 'online');
    const there = await heardBeyond();
    expect(there.filter(({ user }) => user.status === 'offline')).toEqual([]);
    expect(here!.output).toContain('node ddp-b is gone: ended the sessions');
    expect(beyond!.output).not.toMatch(judged);

    lab.heal();
    const healedAtMs = performance.now();
    await eventually(() => show(farUids, 'online', 'offline', 'online'), { timeoutMs: 60_000 });
    const backAfterMs = Math.round(performance.now() - healedAtMs);
    const counts = () => Promise.all(['a', 'b'].map((id) => core.callAt(`presence-${id}`, 'getConnectionCount')));
    const [atA, atB] = await eventually(counts, PATIENT);
    expect(atB).toEqual(atA);
    await core.callAt('presence-b', 'newConnection', 'zoe', 'zoe/s', 'core-1');
    await eventually(() => show(['zoe'], 'online'), PATIENT);
    process.stdout.write(
      `users beyond lost ${lostAfterMs} ms after the cut, back ${backAfterMs} ms after the end of it\n`,
    );

    show(nearUids, 'online');
    const stored = await withDb(database.url, storedIn);
    expect(halfDone(stored)).toEqual([]);
    const all = [...stored.users.keys()];
    expect(all).toHaveLength(4 * USERS + 1);
    expect(all.filter((uid) => shown(core, uid).at(-1) !== stored.users.get(uid)!.status)).toEqual([]);
    expect(all.flatMap((uid) => [...gaps(core, uid), ...untrueRevs(core, uid, stored)])).toEqual([]);
    expect(beyond!.output).not.toMatch(judged);
  }, 150_000);
});
