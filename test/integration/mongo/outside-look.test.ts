import { MongoClient } from 'mongodb';
import type { HistoryRow } from '../../../domain/history';
import type { PresenceView } from '../../../domain/view';
import { readConfig } from '../../../lib/config/env';
import { createStore } from '../../../lib/store/create-store';
import { eventually } from '../../helpers/eventually';
import { freshDatabase, startMongo, type MongoServer } from '../../helpers/mongo-server';
import { startReplica, type Replica } from '../../helpers/replica';

const SYNC_INTERVAL = '300';

/** A database that tells of no changes, as one that is no replica set: everybody is looked at every SYNC_INTERVAL. */
describe('outside writes, found by looking', () => {
  let server: MongoServer;
  let database: ReturnType<typeof freshDatabase>;
  let client: MongoClient;
  let replica: Replica;

  beforeAll(async () => {
    server = await startMongo();
    database = freshDatabase(server);
    client = await new MongoClient(database.url).connect();
    const db = client.db(database.name);
    await db.collection<{ _id: string }>('rocketchat_settings').insertOne({ _id: 'Site_Url' });
    const env = { SYNC_INTERVAL, PRESENCE_ROLE: 'owner', HISTORY_RETENTION_DAYS: '1' };
    const store = createStore(readConfig({ MONGO_URL: database.url, ...env }));
    const silent = { isLive: false, watch: () => () => Promise.resolve() };
    Object.defineProperty(store, 'outsideWrites', { value: silent });
    replica = await startReplica({ nodeID: 'presence-1', store, env });
  });
  afterAll(async () => {
    await replica?.stop();
    await client?.close();
    await database?.drop();
    await server?.stop();
  });

  const users = () => client.db(database.name).collection<{ _id: string }>('users');
  const write = (uid: string, change: object) => users().updateOne({ _id: uid }, change);
  const causes = async (uid: string) => {
    const { changes } = await replica.broker.call<{ changes: HistoryRow[] }, object>('history.list', { uid });
    return changes.reverse().map(({ cause }) => cause);
  };
  const view = (uid: string) => replica.broker.call<PresenceView, unknown[]>('presence.get', [uid]);
  const comesOnline = async (uid: string) => {
    await users().insertOne({ _id: uid, username: uid, type: 'user' } as { _id: string });
    await replica.broker.call('presence.newConnection', [uid, `of ${uid}`, 'core-1']);
  };
  /** Whoever is there now is known. */
  const looked = async () => {
    await comesOnline(`first ${Math.random()}`);
    const marker = `marker ${Math.random()}`;
    await comesOnline(marker);
    let n = 0;
    await eventually(async () => {
      await write(marker, { $set: { statusText: `${(n += 1)}` } });
      await eventually(async () => expect(await causes(marker)).toContain('outside'), { timeoutMs: 1_000 });
    });
  };

  it('what is wrong is put right, and told once', async () => {
    await comesOnline('ann');
    await looked();
    await write('ann', { $set: { status: 'offline', statusConnection: 'offline' } });
    // The walk that verifies everybody may come to her first, also when a look has just found her.
    const told = async () =>
      expect((await causes('ann')).slice(1).join(' ')).toMatch(/^(reconcile )?outside$|^reconcile$/);
    await eventually(told);
    expect(await view('ann')).toMatchObject({ status: 'online' });
    await looked();
    await told();
  });

  it('what may be so is told once', async () => {
    await comesOnline('bob');
    await looked();
    await write('bob', { $set: { statusText: 'gone fishing' } });
    await eventually(async () => expect(await causes('bob')).toEqual(['connection', 'outside']));
    await looked();
    expect(await causes('bob')).toHaveLength(2);
  });

  it('who was offline and is written online is found, and who comes online by himself is not', async () => {
    await users().insertOne({ _id: 'cleo', username: 'cleo', type: 'user', status: 'offline' } as { _id: string });
    await looked();
    await write('cleo', { $set: { status: 'online' } });
    await eventually(async () => expect((await view('cleo')).status).toBe('offline'));
    await comesOnline('dan');
    await looked();
    await looked();
    expect(await causes('dan')).toEqual(['connection']);
  });
});
