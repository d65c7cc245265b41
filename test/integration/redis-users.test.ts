import { Redis } from 'ioredis';
import type { UserRecord } from '../../domain/types';
import { installationOf, RedisUsers } from '../../lib/reads/redis-users';
import { eventually } from '../helpers/eventually';
import { freePort } from '../helpers/free-port';
import { NOW, userRecord } from '../helpers/presence-builders';
import { startRedis, type RedisServer } from '../helpers/redis-server';

/** What replicas share in Redis, each with a store that the test can change behind their backs. */
describe('users in Redis', () => {
  let redis: RedisServer;
  let stored: Map<string, UserRecord>;
  let asked: string[];
  /** Set: what was read is answered only when this is called. */
  let gate: Promise<void>;
  const started: RedisUsers[] = [];

  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(() => redis.stop());
  beforeEach(() => {
    const presenceChange = { cause: 'claim', from: 'offline', at: new Date(NOW) } as const;
    stored = new Map([['ann', userRecord('ann', { status: 'online', presenceChange })]]);
    asked = [];
    gate = Promise.resolve();
  });
  afterEach(() => Promise.all(started.splice(0).map((users) => users.stop())));

  async function replica(name = expect.getState().currentTestName!): Promise<RedisUsers> {
    let isThere = false;
    const users = new RedisUsers({
      url: redis.url,
      name,
      ttlMs: 60_000,
      onState: (now) => (isThere = now),
      store: {
        async usersOf(uids) {
          asked.push(...uids);
          const found = new Map(uids.flatMap((uid) => stored.get(uid) ?? []).map((user) => [user._id, user]));
          await gate;
          return found;
        },
      },
    });
    started.push(users);
    users.start();
    await eventually(() => expect(isThere).toBe(true));
    return users;
  }
  const statusOf = async (users: RedisUsers, uid = 'ann') => (await users.usersOf([uid])).get(uid)?.status;
  const change = (status: UserRecord['status']) => stored.set('ann', userRecord('ann', { status }));

  it('are the same as in the store, dates and all, and who is not there is known not to be', async () => {
    const [a, b] = [await replica(), await replica()];
    await a.usersOf(['ann', 'nobody']);
    await eventually(async () => {
      asked = [];
      expect(await b.usersOf(['nobody', 'ann'])).toEqual(stored);
      expect(asked).toEqual([]);
    });
  });

  describe('that is not there', () => {
    /** What is told of a Redis, as `there` or why not. */
    function told(url: string): { users: RedisUsers; said: string[] } {
      const said: string[] = [];
      const onState = (isThere: boolean, reason = '') => void said.push(isThere ? 'there' : reason);
      const store = { usersOf: () => Promise.resolve(stored) };
      const users = new RedisUsers({ url, name: 'told', ttlMs: 60_000, onState, store });
      started.push(users);
      users.start();
      return { users, said };
    }

    it('at the start is told once, with the reason', async () => {
      const port = await freePort();
      const { users, said } = told(`redis://ann:secret@127.0.0.1:${port}`);
      await eventually(() => expect(said).toEqual([`connect ECONNREFUSED 127.0.0.1:${port}`]));
      expect(await users.usersOf(['ann'])).toBe(stored);
      await users.stop();
      expect(said).toHaveLength(1);
    });

    it('because it refuses the password is told with that reason, never with the password', async () => {
      const { said } = told(redis.url.replace('redis://', 'redis://ann:secret@'));
      await eventually(() => expect(said).toEqual([expect.stringMatching(/password|AUTH/i)]));
      expect(said.join()).not.toContain('secret');
    });

    it('after an orderly stop is told to have been there, and no more', async () => {
      const { users, said } = told(redis.url);
      await eventually(() => expect(said).toEqual(['there']));
      await users.stop();
      expect(said).toEqual(['there']);
    });
  });

  it('are forgotten for all by whoever says so', async () => {
    const [a, b] = [await replica(), await replica()];
    await statusOf(a);
    change('busy');
    b.forget(['ann']);
    await statusOf(b, 'nobody'); // sent after it on the same connection
    expect([await statusOf(a), await statusOf(b)]).toEqual(['busy', 'busy']);
    change('away');
    b.forgetAll();
    await statusOf(b, 'nobody');
    expect(await statusOf(a)).toBe('away');
  });

  it('are not kept as they were before a change that came while they were read', async () => {
    const [a, b] = [await replica(), await replica()];
    let open = () => {};
    gate = new Promise((resolve) => (open = resolve));
    const reading = statusOf(a);
    await eventually(() => expect(asked).toEqual(['ann']));
    change('busy');
    b.forget(['ann']);
    gate = Promise.resolve();
    await statusOf(b, 'nobody');
    open();
    expect(await reading).toBe('online');
    await statusOf(a, 'nobody');
    expect([await statusOf(a), await statusOf(b)]).toEqual(['busy', 'busy']);
  });

  it('that were changed while nobody could say so are not found any more', async () => {
    const a = await replica();
    await statusOf(a);
    await a.stop();
    change('busy');
    expect(await statusOf(await replica())).toBe('busy');
  });

  it('that are no records of theirs are read from the store', async () => {
    const users = await replica();
    await users.usersOf(['ann']);
    const other = new Redis(redis.url);
    for (const junk of ['{', '5', 'null', '[]', '{"_id":"bob","status":"busy"}']) {
      const [key] = await other.keys('*no records*:user:*:ann');
      await other.hset(key!, 'u', junk);
      expect(await statusOf(users)).toBe('online');
    }
    other.disconnect();
  });

  it('of one installation are not those of another', async () => {
    const a = await replica('one');
    await statusOf(a);
    change('busy');
    expect(await statusOf(await replica('two'))).toBe('busy');
  });
});

test('replicas of one database have one name, however its address is written', () => {
  const name = installationOf('mongodb://ann:secret@db1,db2/rocketchat?replicaSet=rs0');
  expect(installationOf('mongodb://db1,db2/rocketchat')).toBe(name);
  expect(name).not.toContain('secret');
  expect(installationOf('mongodb://db1,db2/other')).not.toBe(name);
});
