import { MongoStore } from '../../../lib/store/mongo/mongo-store';
import { startMongoProxy, type MongoProxy } from '../../helpers/mongo-proxy';
import { freshDatabase, startMongo, type MongoServer } from '../../helpers/mongo-server';
import { connect, NOW, REFRESH_AFTER_MS, work } from '../../helpers/presence-builders';
import { onProxiedMongo } from '../../helpers/suites';

const lostRace = { code: 11000, errmsg: 'E11000 duplicate key error' };
const steppedDown = { code: 189, codeName: 'PrimarySteppedDown', errmsg: 'Not primary while writing to usersSessions' };
const writeErrors = (...errors: object[]) => ({ writeErrors: errors.map((error, index) => ({ index, ...error })) });
const notOnAMajority = { writeConcernError: { code: 11602, errmsg: 'operation was interrupted' } };

/** As MongoDB answers a bulk write during which its primary steps down. */
onProxiedMongo('mongo/step-down')('a bulk write is tried again', () => {
  let server: MongoServer;
  let database: ReturnType<typeof freshDatabase>;
  let proxy: MongoProxy;
  let store: MongoStore;
  let users = 0;

  beforeAll(async () => {
    server = await startMongo();
    database = freshDatabase(server);
    proxy = await startMongoProxy(server.url);
    store = new MongoStore({
      url: proxy.url(database.name),
      patienceMs: 10_000,
      refreshAfterMs: REFRESH_AFTER_MS,
      makesIndexes: () => false,
    });
    await store.open();
  });
  afterAll(async () => {
    await store?.close();
    await proxy?.stop();
    await database?.drop();
    await server?.stop();
  });

  it.each([
    ['of which a part met no primary', writeErrors(steppedDown)],
    ['of which a part met no primary, after another part had lost a race', writeErrors(lostRace, steppedDown)],
    ['of which a part met no primary, before another part lost a race', writeErrors(steppedDown, lostRace)],
    ['that did not reach a majority', notOnAMajority],
    [
      'of which a part lost a race, and the rest did not reach a majority',
      { ...writeErrors(lostRace), ...notOnAMajority },
    ],
  ])('%s', async (_, answer) => {
    let updates = 0;
    proxy.intercept((command) => {
      if (command.name !== 'update' || updates++ > 0) return undefined;
      return { carryOut: 'half', answer: { ok: 1, n: 0, nModified: 0, ...answer } };
    });
    const uids = [`user-${users++}`, `user-${users++}`];
    const states = await store.applySessions(
      uids.map((uid) => work(uid, connect(`${uid}/s`))),
      NOW,
    );
    expect(states).toMatchObject(uids.map((uid) => ({ uid, sessions: [{ id: `${uid}/s` }] })));
    expect(updates).toBe(2);
  });
});
