import type { PresenceView } from '../../../domain/view';
import { CacheFixture, CORE, REPLICAS } from '../../helpers/cache-fixture';
import { eventually } from '../../helpers/eventually';
import { startRedis, type RedisServer } from '../../helpers/redis-server';
import { onOwnMongo } from '../../helpers/suites';

/** What a replica answers is what is stored, whoever has written it, also a moment after. */
describe.each([
  ['of each replica', { withRedis: false, withOplog: false }],
  ['of each replica, and one in Redis', { withRedis: true, withOplog: false }],
  ['of each replica, which hear of changes from the oplog', { withRedis: false, withOplog: true }],
])('reads from the cache %s', (_what, { withRedis, withOplog }) => {
  let redis: RedisServer | undefined;
  let fixture: CacheFixture;

  beforeAll(async () => {
    redis = withRedis ? await startRedis() : undefined;
    fixture = await CacheFixture.start(redis ? { CACHE: redis.url } : {}, withOplog);
  });
  afterAll(async () => {
    await fixture.stop();
    await redis?.stop();
  });

  test('a change made by any replica is visible at every other', async () => {
    const { core } = fixture;
    await core.callAt(REPLICAS[0], 'newConnection', 'ann', 's1', CORE);
    await fixture.everywhere('ann', { status: 'online' });
    for (const [i, status] of (['busy', 'away', 'offline', 'busy', 'away', 'offline'] as const).entries()) {
      const at = REPLICAS[i % 3]!;
      await core.callAt(at, 'setStatus', 'ann', status, `text ${i}`);
      // Where it was made it is there at once.
      await expect(fixture.read(at, 'ann')).resolves.toMatchObject({ status, statusText: `text ${i}` });
      await fixture.everywhere('ann', { status, statusText: `text ${i}` });
    }
  });

  test('a change that core makes in the database itself is visible at every replica', async () => {
    await fixture.core.call('newConnection', 'bob', 's1', CORE);
    await fixture.everywhere('bob', { status: 'online' });
    for (const name of ['Bob', 'Robert', 'Bobby']) {
      await fixture.rename('bob', name);
      await fixture.everywhere('bob', { status: 'online', name });
    }
    await fixture.everywhere('carl', { status: 'unknown' });
    await fixture.db.collection('users').insertOne({ _id: 'carl' as never, username: 'carl', status: 'offline' });
    await fixture.everywhere('carl', { status: 'offline' });
    await fixture.db.collection<{ _id: string }>('users').deleteOne({ _id: 'carl' });
    await fixture.everywhere('carl', { status: 'unknown' });
  });

  test('the same at a replica whose database tells no changes', async () => {
    const deaf = await fixture.replica('presence-deaf', (store) => {
      store.userChanges.watch = () => () => Promise.resolve();
    });
    await fixture.core.call('newConnection', 'dora', 's1', CORE);
    for (const name of ['Dora', 'Theodora']) {
      await fixture.rename('dora', name);
      await fixture.visible(['presence-deaf'], 'dora', { name });
    }
    await fixture.bus.leave(deaf);
  });

  test('whoever has not changed is not asked of the database', async () => {
    const uids = Array.from({ length: 50 }, (_, i) => `u${i}`);
    await Promise.all(uids.map((uid) => fixture.core.call('newConnection', uid, `${uid}/s`, CORE)));
    const nodeID = REPLICAS[1];
    const untilMs = performance.now() + 2000; // longer than an entry is trusted for without news
    let reads = 0;
    const twentyInARow = async () => {
      const before = fixture.finds(nodeID);
      const views = await fixture.core.callAt<PresenceView[]>(nodeID, 'getMany', uids);
      expect(views.map(({ status }) => status)).toEqual(uids.map(() => 'online'));
      reads = fixture.finds(nodeID) > before ? 0 : reads + 1;
      expect(reads).toBeGreaterThan(20);
      expect(performance.now()).toBeGreaterThan(untilMs);
    };
    // A database that is late with its news is asked, and the count begins anew.
    await eventually(twentyInARow, { timeoutMs: 60_000 });
  });

  onOwnMongo('mongo/cache')('and a database that was away', () => {
    test('nothing is answered from before', async () => {
      await fixture.core.call('newConnection', 'emil', 's1', CORE);
      await fixture.everywhere('emil', { status: 'online' });
      await fixture.restartDatabase();
      for (const name of ['Emil', 'Emilio', 'Emiliano']) {
        await fixture.rename('emil', name);
        await fixture.everywhere('emil', { status: 'online', name });
      }
    });
  });
});
