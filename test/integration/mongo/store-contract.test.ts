import { MongoClient } from 'mongodb';
import { MongoStore } from '../../../lib/store/mongo/mongo-store';
import { startMongo, type MongoServer } from '../../helpers/mongo-server';
import { HISTORY_DAYS, REFRESH_AFTER_MS } from '../../helpers/presence-builders';
import { describeStoreContract } from '../../helpers/store-contract';

let server: MongoServer;
let client: MongoClient;
let databases = 0;

beforeAll(async () => {
  server = await startMongo();
  client = await MongoClient.connect(server.url('admin'));
});
afterAll(async () => {
  await client.close();
  await server.stop();
});

describe.each([true, false])('on a database with users of our own: %p', (ownUsers) => {
  describeStoreContract('MongoDB', async () => {
    const name = `contract_${process.pid}_${databases++}`;
    const options = {
      url: server.url(name),
      patienceMs: 10_000,
      makesIndexes: () => true,
      refreshAfterMs: REFRESH_AFTER_MS,
      historyDays: HISTORY_DAYS,
    };
    const db = client.db(name);
    if (!ownUsers) await db.collection('rocketchat_settings').insertOne({ _id: 'Site_Url' as never });
    const opened: MongoStore[] = [];
    const open = async () => {
      const store = new MongoStore(options);
      opened.push(store);
      await store.open();
      return store;
    };
    const store = await open();
    expect(store.createsUsers).toBe(ownUsers);
    return {
      store,
      async seedUsers(users) {
        if (users.length > 0) await db.collection('users').insertMany(users.map((user) => ({ ...user })) as never[]);
      },
      afterKill: open,
      async dispose() {
        for (const one of opened) await one.close();
        await db.dropDatabase();
      },
    };
  });
});
