import { REPL_COMMANDS } from '../../../lib/repl/commands';
import { freshDatabase, startMongo, withDb, type MongoServer } from '../../helpers/mongo-server';
import { startReplica, type Replica } from '../../helpers/replica';

/** What operators may not do where Rocket.Chat's core decides presence; the rest is in ../bus. */
describe('actions for operators on an observer', () => {
  let server: MongoServer;
  let database: ReturnType<typeof freshDatabase>;
  let replica: Replica;

  beforeAll(async () => {
    server = await startMongo();
    database = freshDatabase(server);
    replica = await startReplica({
      nodeID: 'observer-1',
      mongoUrl: database.url,
      env: { PRESENCE_ROLE: 'observer' },
    });
  });
  afterAll(async () => {
    await replica?.stop();
    await database?.drop();
    await server?.stop();
  });

  /** What a command prints at the prompt. */
  async function printed(name: string, ...words: string[]): Promise<string> {
    const out = jest.spyOn(process.stdout, 'write').mockReturnValue(true);
    try {
      const command = REPL_COMMANDS.find((one) => one.command.split(' ')[0] === name)!;
      await command.action(replica.broker, words, { table: (rows) => rows.join('\n') });
      return out.mock.calls.join('');
    } finally {
      out.mockRestore();
    }
  }

  it('reconcile and import are refused at the prompt in one line each', async () => {
    expect(await printed('reconcile')).toBe('NOT_OWNER: Rocket.Chat’s core decides presence here\n');
    expect(await printed('import')).toMatch(/^NOT_CONFIGURED: .*\(ROCKETCHAT_USERNAME\)\n$/);
  });

  it('nothing is promised of what does not follow from what is stored: no repair, no end of a lease', async () => {
    await withDb(database.url, async (db) => {
      const now = new Date();
      const entry = { id: 's1', instanceId: 'core-1', status: 'online', _createdAt: now, _updatedAt: now };
      await db.collection('usersSessions').insertOne({ _id: 'eve' as never, connections: [entry] });
      await db.collection('users').insertOne({ _id: 'eve' as never, username: 'eve', status: 'offline' });
      await db.collection('presence_nodes').insertOne({ _id: 'core-1' as never, heartbeats: true });
    });
    const explained = await replica.broker.call('presence.explain', ['eve']);
    expect(explained).toMatchObject({ status: 'offline', agrees: false, timers: [] });
    expect(explained).not.toHaveProperty('due');
    expect(await printed('presence', 'eve')).toContain('this node repairs nothing');
  });

  it('reconcile is refused', async () => {
    await expect(replica.broker.call('presence.reconcile', [])).rejects.toMatchObject({
      type: 'NOT_OWNER',
      code: 403,
      retryable: false,
    });
  });

  it('explain answers: it changes nothing', async () => {
    await replica.broker.call('presence.newConnection', ['ann', 's1', 'core-1']);
    await expect(replica.broker.call('presence.explain', ['ann'])).resolves.toMatchObject({
      status: 'online',
      decidedBy: 'sessions',
    });
  });
});
