import { setTimeout as pause } from 'node:timers/promises';
import Redis from 'ioredis';
import type { PresenceView } from '../../../domain/view';
import { CacheFixture, CORE, REPLICAS } from '../../helpers/cache-fixture';
import { eventually } from '../../helpers/eventually';
import { startRedis, type RedisServer } from '../../helpers/redis-server';
import { onOwnRedis } from '../../helpers/suites';

/** Of each reader, under load. */
const READ_EVERY_MS = 5;
const [A, B] = REPLICAS;
const getMany = ({ core }: CacheFixture, nodeID: string, uids: readonly string[]) =>
  core.callAt<PresenceView[]>(nodeID, 'getMany', uids);

describe('a cache in Redis', () => {
  let redis: RedisServer;
  let fixture: CacheFixture;
  beforeAll(async () => {
    redis = await startRedis();
    fixture = await CacheFixture.start({ CACHE: redis.url });
  });
  afterAll(async () => {
    await fixture.stop();
    await redis.stop();
  });

  test('has for every replica what one has read', async () => {
    // Nobody changes them, so that no late word of that makes a replica read again.
    const all = Array.from({ length: 2000 }, (_, i) => ({ _id: `r${i}`, status: 'online' }));
    await fixture.db.collection('users').insertMany(all as never[]);
    let from = 0;
    await eventually(async () => {
      const uids = all.slice(from, (from += 10)).map(({ _id }) => _id);
      await getMany(fixture, B, ['warm']); // its stream is proven while somebody reads there
      await getMany(fixture, A, uids);
      const before = fixture.finds(B);
      expect((await getMany(fixture, B, uids)).map(({ status }) => status)).toEqual(uids.map(() => 'online'));
      expect(fixture.finds(B)).toBe(before);
    });
  });

  test('holds what is shown of a user, and nothing else of him', async () => {
    await fixture.core.call('newConnection', 'ann', 's1', CORE);
    const secret = { services: { password: { bcrypt: 'hush' } }, emails: [{ address: 'ann@example.org' }] };
    await fixture.db.collection<{ _id: string }>('users').updateOne({ _id: 'ann' }, { $set: secret });
    const client = new Redis(redis.url);
    let renamed = 0;
    try {
      await eventually(async () => {
        await fixture.rename('ann', `Ann ${(renamed += 1)}`); // or it has her in its own memory for long
        await fixture.read(A, 'ann');
        const held = await Promise.all((await client.keys('*:ann')).map((key) => client.hget(key, 'u')));
        expect(held.join()).toContain('"status":"online"');
        expect(held.join()).not.toMatch(/hush|example/);
      });
    } finally {
      await client.quit();
    }
  });

  onOwnRedis('mongo/redis-cache')('that hangs, is killed and comes back under load', () => {
    test('makes no read fail and none wrong', async () => {
      const uids = Array.from({ length: 20 }, (_, i) => `load${i}`);
      await Promise.all(uids.map((uid) => fixture.core.call('newConnection', uid, `${uid}/s`, CORE)));
      const faults: unknown[] = [];
      let [running, reads] = [true, 0];
      const readers = REPLICAS.map(async (nodeID) => {
        while (running) {
          const views = await getMany(fixture, nodeID, uids).catch((error: unknown) => faults.push(error));
          if (Array.isArray(views) && views.some(({ status }) => status !== 'online')) faults.push(views);
          reads += 1;
          await pause(READ_EVERY_MS); // each loop by itself would keep a core busy
        }
      });
      let texts = 0;
      const changeAll = async () => {
        for (const uid of uids.slice(0, 5)) {
          const statusText = `text ${(texts += 1)}`;
          await fixture.core.call('setStatus', uid, 'online', statusText);
          await fixture.everywhere(uid, { statusText });
          await fixture.rename(uid, statusText);
          await fixture.everywhere(uid, { name: statusText });
        }
      };
      try {
        await changeAll();
        redis.freeze();
        await changeAll();
        redis.thaw(); // with all that it had before
        await changeAll();
        for (let round = 0; round < 2; round++) {
          await redis.kill();
          await changeAll();
          await redis.restart();
          await changeAll();
        }
      } finally {
        running = false;
        await Promise.all(readers);
      }
      expect(faults).toEqual([]);
      expect(reads).toBeGreaterThan(50);
      // It is used again.
      const client = new Redis(redis.url);
      try {
        await eventually(async () => {
          await fixture.rename('load7', `text ${(texts += 1)}`);
          await getMany(fixture, A, uids);
          const held = await Promise.all((await client.keys('*:load7')).map((key) => client.hget(key, 'u')));
          expect(held.join()).toContain('"status":"online"');
        });
      } finally {
        await client.quit();
      }
    }, 60_000);
  });
});
