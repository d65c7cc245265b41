import { MongoClient, type Db } from 'mongodb';
import type { HistoryRow } from '../../../domain/history';
import { readConfig } from '../../../lib/config/env';
import { PresenceError } from '../../../lib/wire/errors';
import { createStore } from '../../../lib/store/create-store';
import type { PresenceStore } from '../../../lib/store/port';
import { eventually } from '../../helpers/eventually';
import { HookReceiver } from '../../helpers/hook-receiver';
import { freshDatabase, startMongo, type MongoServer } from '../../helpers/mongo-server';
import { startReplica, type Replica } from '../../helpers/replica';

type Told = Pick<HistoryRow, 'uid' | 'from' | 'to' | 'text' | 'cause'>;

/** By the stream of changes, and by looking at everybody where there is none. */
describe.each([
  ['a change stream', true],
  ['looking', false],
])('an observer beside Rocket.Chat’s core, by %s', (_name, hasStream) => {
  let server: MongoServer;
  let client: MongoClient;
  let database: ReturnType<typeof freshDatabase>;
  const replicas: Replica[] = [];

  beforeAll(async () => {
    server = await startMongo();
    client = new MongoClient(server.url('admin'));
    await client.connect();
  });
  afterAll(async () => {
    await client.close();
    await server.stop();
  });
  beforeEach(async () => {
    database = freshDatabase(server);
    await db().collection<{ _id: string }>('rocketchat_settings').insertOne({ _id: 'Site_Url' });
  });
  afterEach(async () => {
    for (const replica of replicas.splice(0)) await replica.stop();
    await database.drop();
  });

  const db = (): Db => client.db(database.name);
  const users = () => db().collection<{ _id: string; status?: string }>('users');
  /** As core writes: past everything here. */
  const core = (uid: string, fields: object) => users().updateOne({ _id: uid }, { $set: fields }, { upsert: true });

  async function observer(
    nodeID = 'observer-1',
    change: (store: PresenceStore) => void = () => undefined,
  ): Promise<Replica> {
    // So that with a stream nobody is looked at.
    const env = { SYNC_INTERVAL: hasStream ? '60000' : '200', CALLBACKS_ALLOW_PRIVATE: 'true' };
    const store = createStore(readConfig({ MONGO_URL: database.url, ...env }));
    if (!hasStream) Object.defineProperty(store, 'userChanges', { value: undefined });
    change(store);
    const replica = await startReplica({ nodeID, mongoUrl: database.url, store, env });
    replicas.push(replica);
    return replica;
  }
  const leave = async (replica: Replica) => {
    replicas.splice(replicas.indexOf(replica), 1);
    await replica.stop();
  };
  const begun = () =>
    eventually(async () => {
      expect(await db().collection<{ _id: string }>('presence_observed').findOne({ _id: '' })).not.toBeNull();
    });

  /** Oldest first. */
  async function history({ broker }: Replica, uid?: string): Promise<Told[]> {
    const { changes } = await broker.call<{ changes: HistoryRow[] }, object>('history.list', { uid, limit: 1000 });
    return changes.reverse().map(({ uid, from, to, text, cause }) => ({ uid, from, to, ...(text && { text }), cause }));
  }
  const seen = (replica: Replica, uid: string, ...to: string[]) =>
    eventually(async () => expect((await history(replica, uid)).map((row) => row.to)).toEqual(to));

  it('what was there at the first look is no change; what changes since is in the history', async () => {
    await core('ann', { username: 'ann', status: 'online' });
    const replica = await observer();
    await begun();
    await core('ann', { status: 'busy', statusText: 'in a meeting' });
    await seen(replica, 'ann', 'busy');
    await core('ann', { status: 'offline', statusText: '' });
    await core('bob', { username: 'bob', status: 'away' });
    await seen(replica, 'ann', 'busy', 'offline');
    await seen(replica, 'bob', 'away');
    expect(await history(replica)).toEqual(
      expect.arrayContaining([
        { uid: 'ann', from: 'online', to: 'busy', text: 'in a meeting', cause: 'outside' },
        { uid: 'ann', from: 'busy', to: 'offline', cause: 'outside' },
        { uid: 'bob', from: 'offline', to: 'away', cause: 'outside' },
      ]),
    );
  });

  it('what concerns nobody’s presence is no change, and nothing of Rocket.Chat’s is written', async () => {
    await core('ann', { username: 'ann', status: 'online' });
    const replica = await observer();
    await begun();
    await core('ann', { lastLogin: new Date(), username: 'anna', name: 'Ann' });
    await core('bob', { username: 'bob', status: 'away' });
    await seen(replica, 'bob', 'away');
    await seen(replica, 'ann');
    expect(await users().findOne({ _id: 'bob' })).toEqual({ _id: 'bob', username: 'bob', status: 'away' });
    expect(await db().collection('usersSessions').countDocuments()).toBe(0);
    expect(await users().indexes()).toHaveLength(1);
  });

  it('what it is called for itself is in the history once, and what core changes after it too', async () => {
    const replica = await observer();
    await begun();
    await core('ann', { username: 'ann', status: 'offline' });
    await replica.broker.call('presence.newConnection', ['ann', 's1', 'core-1']);
    await replica.broker.call('presence.setStatus', ['ann', 'busy', 'x']);
    await core('bob', { username: 'bob', status: 'away' });
    await seen(replica, 'bob', 'away');
    await core('ann', { status: 'away' });
    await seen(replica, 'ann', 'online', 'busy', 'away');
    expect((await history(replica, 'ann')).map(({ cause }) => cause)).toEqual(['connection', 'claim', 'outside']);
  });

  it('who was offline when it began is seen, though an owner once wrote him', async () => {
    await core('ann', {
      username: 'ann',
      status: 'offline',
      presenceRev: 7,
      presenceChange: { cause: 'claim', at: new Date(0) },
    });
    const replica = await observer();
    await begun();
    await core('ann', { status: 'away' });
    await seen(replica, 'ann', 'away');
  });

  it('webhooks are called, and services of this process are told', async () => {
    const [replica, receiver] = [await observer(), await HookReceiver.start()];
    const told: string[] = [];
    replica.broker.localBus.on('$presence.changed', (uids: string[]) => told.push(...uids));
    try {
      await begun();
      await replica.broker.call('callbacks.register', { url: receiver.url });
      await core('ann', { username: 'ann', status: 'busy' });
      await eventually(() => {
        const changes = receiver.received.map(({ body }) => (JSON.parse(body) as { data: Told }).data);
        expect(changes).toMatchObject([{ uid: 'ann', to: 'busy', cause: 'outside' }]);
      });
      await eventually(() => expect(told).toContain('ann'));
    } finally {
      await receiver.down();
    }
  });

  it('what changed while nobody looked is one change a user, found at the next start', async () => {
    await core('ann', { username: 'ann', status: 'online' });
    await core('cleo', { username: 'cleo', status: 'online' });
    await core('dan', { username: 'dan', status: 'online' });
    const first = await observer();
    await begun();
    await core('ann', { status: 'away' });
    await seen(first, 'ann', 'away');
    await leave(first);
    await core('ann', { status: 'busy' });
    await core('ann', { status: 'offline' });
    await core('bob', { username: 'bob', status: 'online' });
    await users().deleteOne({ _id: 'cleo' });
    const second = await observer();
    await seen(second, 'ann', 'away', 'offline');
    await seen(second, 'bob', 'online');
    await seen(second, 'cleo', 'offline');
    await seen(second, 'dan');
  });

  it('of several one sees to it, and another goes on when that one leaves', async () => {
    const [first, second] = [await observer('observer-1'), await observer('observer-2')];
    await begun();
    for (const status of ['online', 'away', 'busy']) {
      await core('ann', { username: 'ann', status });
      await eventually(async () => expect((await history(second, 'ann')).at(-1)?.to).toBe(status));
    }
    await leave(first);
    await core('ann', { status: 'offline' });
    // Whoever does not lead asks for it three times in a lease, which is of 30 s here.
    await eventually(async () => expect((await history(second, 'ann')).at(-1)?.to).toBe('offline'), {
      timeoutMs: 20_000,
    });
    await seen(second, 'ann', 'online', 'away', 'busy', 'offline');
  });

  it('a change that could not be kept is kept later, once', async () => {
    let failures = 3;
    const replica = await observer('observer-1', (store) => {
      const append = store.history.append.bind(store.history);
      store.history.append = (rows, nowMs) => {
        if (failures-- > 0) return Promise.reject(new PresenceError('STORE_UNAVAILABLE', 'as if'));
        return append(rows, nowMs);
      };
    });
    await begun();
    await core('ann', { username: 'ann', status: 'online' });
    await core('bob', { username: 'bob', status: 'busy' });
    await seen(replica, 'ann', 'online');
    await seen(replica, 'bob', 'busy');
    expect(failures).toBeLessThanOrEqual(0);
    await leave(replica);
    const next = await observer();
    await core('ann', { status: 'away' });
    await seen(next, 'ann', 'online', 'away');
    await seen(next, 'bob', 'busy');
  });

  it('a change noted by one that was killed before it was kept is kept by the next', async () => {
    await core('ann', { username: 'ann', status: 'online' });
    const first = await observer();
    await begun();
    await leave(first);
    const noted = { rev: 1, status: 'busy', from: 'online', at: new Date(), isKept: false };
    await db()
      .collection<{ _id: string }>('presence_observed')
      .replaceOne({ _id: 'ann' }, { _id: 'ann', ...noted });
    await core('ann', { status: 'busy' });
    const second = await observer();
    await seen(second, 'ann', 'busy');
    expect((await history(second, 'ann'))[0]).toMatchObject({ from: 'online', to: 'busy' });
  });

  it('many changes of many users: each one’s history leads without a gap to how he is', async () => {
    const replica = await observer();
    await begun();
    const uids = Array.from({ length: 40 }, (_, i) => `u${i}`);
    const statuses = ['online', 'away', 'busy', 'offline'];
    for (let round = 0; round < 8; round++) {
      for (const [i, uid] of uids.entries())
        await core(uid, { username: uid, status: statuses[(i * 7 + round * 3) % 4] });
    }
    const now = new Map((await users().find().toArray()).map(({ _id, status }) => [_id, status]));
    await eventually(async () => {
      const rows = await history(replica);
      for (const uid of uids) {
        const own = rows.filter((row) => row.uid === uid);
        own.reduce((last, { from, to }) => (expect(from).toBe(last), to as string), 'offline' as string);
        expect(own.at(-1)?.to ?? 'offline').toBe(now.get(uid));
      }
    });
  });
});
