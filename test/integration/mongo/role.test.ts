import type { Db } from 'mongodb';
import { eventually } from '../../helpers/eventually';
import { freePort } from '../../helpers/free-port';
import { freshDatabase, startMongo, withDb, type MongoServer } from '../../helpers/mongo-server';
import { NodeProcess } from '../../helpers/node-process';
import { startNats } from '../../helpers/nats-server';
import { startRedis } from '../../helpers/redis-server';
import { onOwnMongo } from '../../helpers/suites';

const LONG_AGO = new Date(Date.now() - 3_600_000);

/** Design invariant 14, as the real process decides and says it. */
describe('the role of a node on MongoDB', () => {
  let server: MongoServer;
  let database: ReturnType<typeof freshDatabase>;
  const running: NodeProcess[] = [];

  beforeAll(async () => {
    server = await startMongo();
  });
  afterAll(() => server.stop());
  beforeEach(() => {
    database = freshDatabase(server);
  });
  afterEach(async () => {
    for (const node of running.splice(0)) await node.end('SIGKILL');
    await database.drop();
  });

  const inDb = <T>(work: (db: Db) => Promise<T>) => withDb(database.url, work);
  /** A database in which something is wrong that an owner would repair: a ghost, and a claim whose time is over. */
  const rocketChats = () =>
    inDb(async (db) => {
      await db.collection('rocketchat_settings').insertOne({ _id: 'Site_Url' as never });
      const entry = { id: 's1', instanceId: 'gone', status: 'online', _createdAt: LONG_AGO, _updatedAt: LONG_AGO };
      await db.collection('usersSessions').insertOne({ _id: 'ann' as never, connections: [entry] });
      await db.collection('users').insertMany([
        { _id: 'ann' as never, username: 'ann', status: 'offline' },
        {
          _id: 'bob' as never,
          username: 'bob',
          status: 'busy',
          statusDefault: 'busy',
          statusSource: 'external',
          statusExpiresAt: LONG_AGO,
        },
      ]);
    });
  const everything = () =>
    inDb(async (db) => ({
      users: await db.collection('users').find().sort({ _id: 1 }).toArray(),
      sessions: await db.collection('usersSessions').find().toArray(),
      indexes: await db.collection('usersSessions').indexes(),
    }));

  async function start(
    env: Record<string, string> = {},
  ): Promise<{ node: NodeProcess; health: () => Promise<unknown> }> {
    const PORT = String(await freePort());
    const node = NodeProcess.start({ PORT, MONGO_URL: database.url, SYNC_INTERVAL: '50', ...env });
    running.push(node);
    await node.says('is running');
    const health = async () =>
      (await fetch(`http://127.0.0.1:${PORT}/health`, { headers: { accept: 'application/json' } })).json();
    return { node, health };
  }

  it('is observer on Rocket.Chat’s database without a bus: says so, and writes nothing on its own initiative', async () => {
    await rocketChats();
    const before = await everything();
    const { node, health } = await start();
    await node.says('role observer');
    expect(await health()).toMatchObject({ healthy: true, role: 'observer', store: 'there' });
    // Several rounds of every background job pass while health is asked.
    for (let i = 0; i < 40; i++) await health();
    await node.end('SIGTERM');
    expect(await everything()).toEqual(before);
  });

  it('is owner there with a bus, and repairs what it finds', async () => {
    const nats = await startNats();
    try {
      await rocketChats();
      const { node, health } = await start({ TRANSPORTER: nats.url });
      await node.says("role owner: this node decides presence, on Rocket.Chat's database");
      expect(await health()).toMatchObject({ healthy: true, role: 'owner' });
      await eventually(async () => {
        const { users } = await everything();
        expect(users).toMatchObject([{ status: 'online' }, { status: 'offline', statusDefault: 'online' }]);
      });
    } finally {
      await nats.stop();
    }
  });

  it('is owner on a database of its own', async () => {
    const { node } = await start();
    await node.says('role owner: this node decides presence, on a database of its own');
  });

  it.each([
    ['owner', {}],
    ['observer', { TRANSPORTER: 'nats' }],
  ])('is %s when PRESENCE_ROLE says so, whatever else is set', async (role, more) => {
    const nats = 'TRANSPORTER' in more ? await startNats() : undefined;
    try {
      await rocketChats();
      const { node } = await start({ PRESENCE_ROLE: role, ...(nats ? { TRANSPORTER: nats.url } : {}) });
      await node.says(`role ${role}`);
      await node.end('SIGKILL');
    } finally {
      await nats?.stop();
    }
  });

  onOwnMongo('mongo/role')('beside a database that goes away', () => {
    it('says in /health that the database is away, and that it is back', async () => {
      const { health } = await start({ REQUEST_TIMEOUT: '2' });
      expect(await health()).toMatchObject({ healthy: true, store: 'there' });
      await server.kill();
      await eventually(async () => expect(await health()).toMatchObject({ healthy: false, store: 'away' }), {
        timeoutMs: 15_000,
      });
      await server.restart();
      await eventually(async () => expect(await health()).toMatchObject({ healthy: true, store: 'there' }), {
        timeoutMs: 15_000,
      });
    }, 60_000);
  });

  it('says of nothing that it is away when it is stopped', async () => {
    const [nats, redis] = await Promise.all([startNats(), startRedis()]);
    try {
      const { node } = await start({ TRANSPORTER: nats.url, CACHE: redis.url });
      await node.says('the cache in Redis is there');
      const before = node.output.length;
      await expect(node.end('SIGTERM')).resolves.toBe(0);
      const lines = node.output
        .slice(before)
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as { level: number; msg: string });
      expect(lines.filter(({ level }) => level > 30)).toEqual([]);
      expect(lines.map(({ msg }) => msg)).toContain("Service 'presence' stopped.");
    } finally {
      await redis.stop();
      await nats.stop();
    }
  });

  it('never shows the password of MONGO_URL, neither at start nor while it is away', async () => {
    const port = await freePort();
    const url = `mongodb://root:very-secret@127.0.0.1:${port}/rocketchat?authSource=admin`;
    const node = NodeProcess.start({ PORT: String(await freePort()), MONGO_URL: url, LOG_LEVEL: 'debug' });
    running.push(node);
    await node.says(`store unavailable: MongoDB at 127.0.0.1:${port}: connect ECONNREFUSED`);
    await expect(node.end('SIGTERM')).resolves.toBe(0);
    expect(node.output).not.toContain('very-secret');
  });
});
