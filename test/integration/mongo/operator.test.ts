import { freshDatabase, startMongo, type MongoServer } from '../../helpers/mongo-server';
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
