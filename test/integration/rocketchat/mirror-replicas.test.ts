import { eventually } from '../../helpers/eventually';
import { freshDatabase, startMongo, type MongoServer } from '../../helpers/mongo-server';
import { startNats, type NatsServer } from '../../helpers/nats-server';
import { startReplica, type Replica } from '../../helpers/replica';
import { RocketChatRest } from '../../helpers/rocketchat-rest';

const SYNC_INTERVAL = 300;
/** Beyond the interval: for the machine. */
const PATIENT = { timeoutMs: 10_000 };

describe('replicas on one database, and a Rocket.Chat that is not on their bus', () => {
  let nats: NatsServer;
  let server: MongoServer;
  let database: ReturnType<typeof freshDatabase>;
  let rest: RocketChatRest;
  const replicas: Replica[] = [];

  beforeAll(async () => {
    nats = await startNats();
    server = await startMongo();
    database = freshDatabase(server);
    rest = await RocketChatRest.start({
      version: '7.12.0',
      defaultLimit: { calls: 1_000_000, perMs: 60_000 },
      limits: {},
    });
    for (const nodeID of ['presence-1', 'presence-2']) {
      const env = { SYNC_INTERVAL: `${SYNC_INTERVAL}`, ROCKETCHAT_SYNC: 'rest', ...rest.env };
      replicas.push(await startReplica({ nodeID, natsUrl: nats.url, mongoUrl: database.url, env }));
    }
  });
  afterAll(async () => {
    for (const replica of replicas) await replica.stop();
    await rest?.away();
    await database?.drop();
    await server?.stop();
    await nats?.stop();
  });

  const say = (replica: Replica, ...args: unknown[]) =>
    replica.broker.call('presence.setStatus', args, { nodeID: replica.nodeID });
  const showsThere = (user: object) => eventually(() => expect(rest.users.get('ann')).toMatchObject(user), PATIENT);

  it('what any of them is told is told there, and the end of it, of which that Rocket.Chat knows nothing', async () => {
    rest.put({ _id: 'ann', username: 'ann', status: 'online' });
    const { broker } = replicas[0]!;
    await eventually(async () => {
      expect(await broker.call('presence.get', ['ann'])).toMatchObject({ status: 'online' });
    }, PATIENT);
    // No node of the bus keeps her session, and it is not lost.
    await broker.call('presence.removeLostConnections', []);
    expect(await broker.call('presence.get', ['ann'])).toMatchObject({ status: 'online' });
    for (const [n, replica] of replicas.entries()) {
      await say(replica, 'ann', 'busy', `by ${n}`);
      await showsThere({ status: 'busy', statusText: `by ${n}` });
    }
    await say(replicas[1]!, 'ann', 'away', 'for a second', new Date(Date.now() + 2_000));
    await showsThere({ status: 'away', statusText: 'for a second', statusExpiresAt: undefined });
    await showsThere({ status: 'online', statusText: '' });
  });

  it('when the one that compares goes, another does', async () => {
    await replicas.shift()!.stop();
    rest.change('ann', { status: 'busy', statusText: 'there' });
    const { broker } = replicas[0]!;
    await eventually(async () => {
      expect(await broker.call('presence.get', ['ann'])).toMatchObject({ status: 'busy', statusText: 'there' });
    }, PATIENT);
    await say(replicas[0]!, 'ann', 'away', 'here');
    await showsThere({ status: 'away', statusText: 'here' });
  });
});
