import { freshDatabase, startMongo, type MongoServer } from '../../helpers/mongo-server';
import { startReplica, type Replica } from '../../helpers/replica';
import { RocketChatRest } from '../../helpers/rocketchat-rest';

/** Beside a single Rocket.Chat, whose core decides presence: a status set here goes to it by the account. */
describe('an observer with an account', () => {
  let server: MongoServer;
  let database: ReturnType<typeof freshDatabase>;
  let rest: RocketChatRest;
  let replica: Replica;

  beforeAll(async () => {
    server = await startMongo();
    database = freshDatabase(server);
    rest = await RocketChatRest.start();
    rest.put({ _id: 'ann', username: 'ann', status: 'online' });
    rest.put({ _id: 'bob', username: 'bob', status: 'online' });
    replica = await startReplica({
      nodeID: 'observer-1',
      mongoUrl: database.url,
      env: { PRESENCE_ROLE: 'observer', ...rest.env },
    });
  });
  afterAll(async () => {
    await replica?.stop();
    await rest?.away();
    await database?.drop();
    await server?.stop();
  });

  const call = (action: string, ...args: unknown[]) => replica.broker.call(`presence.${action}`, args);

  it('sets it there, and writes nothing itself', async () => {
    const expiresAt = new Date(Date.now() + 60_000);
    await expect(call('setStatus', 'ann', 'busy', '  in a meeting ', expiresAt)).resolves.toBe(true);
    expect(rest.users.get('ann')).toMatchObject({
      status: 'busy',
      statusText: 'in a meeting',
      statusExpiresAt: expiresAt,
    });
    await expect(call('get', 'ann')).resolves.toMatchObject({ status: 'unknown', reason: 'never-seen' });
  });

  it('checks first what it can check itself', async () => {
    const before = rest.requests.length;
    await expect(call('setStatus', 'ann', 'elsewhere')).rejects.toMatchObject({ type: 'INVALID_ARGUMENT' });
    await expect(call('setStatus', 'ann', 'busy', 'x', new Date(0))).rejects.toMatchObject({
      type: 'EXPIRY_NOT_IN_FUTURE',
    });
    expect(rest.requests).toHaveLength(before);
  });

  it('of many tells each one’s outcome', async () => {
    const results = await call('setStatusMany', [
      { uid: 'bob', statusDefault: 'away' },
      { uid: 'nobody', statusDefault: 'away' },
    ]);
    expect(results).toMatchObject([{ ok: true }, { ok: false, error: { code: 'ROCKETCHAT_REFUSED' } }]);
    expect(rest.users.get('bob')).toMatchObject({ status: 'away' });
  });

  it('while Rocket.Chat is away says so at once, and sets nothing later', async () => {
    await rest.away();
    await expect(call('setStatus', 'ann', 'away', 'never')).rejects.toMatchObject({
      type: 'ROCKETCHAT_UNAVAILABLE',
      code: 503,
    });
    await rest.up();
    await expect(call('setStatus', 'bob', 'busy', 'now')).resolves.toBe(true);
    expect(rest.users.get('ann')?.statusText).not.toBe('never');
  });
});
