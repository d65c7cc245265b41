import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { ImportState } from '../../../lib/rocketchat/user-import';
import { eventually } from '../../helpers/eventually';
import { freePort } from '../../helpers/free-port';
import { freshDatabase, startMongo, type MongoServer } from '../../helpers/mongo-server';
import { startNats } from '../../helpers/nats-server';
import { NodeProcess } from '../../helpers/node-process';
import { startReplica } from '../../helpers/replica';
import { startRocketChatNode } from '../../helpers/rocket-chat-node';
import { RocketChatRest } from '../../helpers/rocketchat-rest';

const GENEROUS = { defaultLimit: { calls: 1_000_000, perMs: 60_000 } };
/** 50,000 at full size. */
const USERS = Number(process.env.IMPORT_USERS ?? 1_500);
const PATIENT = { timeoutMs: 60_000 };

describe('the import of Rocket.Chat’s users', () => {
  let rest: RocketChatRest;
  beforeEach(async () => {
    rest = await RocketChatRest.start(GENEROUS);
  });
  afterEach(() => rest.away());

  const fill = (users: number) => {
    for (let i = 0; i < users; i++) {
      rest.put({ _id: `u${i}`, username: `name.${i}`, name: `Some Body ${i}`, roles: ['user'], status: 'offline' });
    }
  };

  it('is done at start, says how it stands, and users are found by their roles', async () => {
    fill(250);
    rest.put({ _id: 'robo', username: 'robo', type: 'bot', roles: ['bot'], status: 'offline' });
    const replica = await startReplica({ nodeID: 'presence-1', env: rest.env });
    try {
      const status = () => replica.broker.call<{ users?: ImportState }>('rocketchat.status');
      // The account is a user, too.
      await eventually(
        async () => expect((await status()).users).toMatchObject({ imported: 252, total: 252 }),
        PATIENT,
      );
      await replica.broker.call('presence.newConnection', ['robo', 's1', 'core-1']);
      await expect(replica.broker.call('presence.list', { role: 'bot' })).resolves.toMatchObject({
        users: [{ uid: 'robo', username: 'robo', roles: ['bot'] }],
      });
      rest.put({ _id: 'later', username: 'later', status: 'offline' });
      await replica.broker.call('rocketchat.import', { again: true });
      await eventually(
        async () => expect((await status()).users).toMatchObject({ imported: 253, total: 253 }),
        PATIENT,
      );
    } finally {
      await replica.stop();
    }
  });

  it('needs an account, and a database that is this service’s own', async () => {
    const replica = await startReplica({ nodeID: 'presence-1' });
    try {
      await expect(replica.broker.call('rocketchat.status')).resolves.toEqual({ configured: false });
      await expect(replica.broker.call('rocketchat.import')).rejects.toMatchObject({
        type: 'NOT_CONFIGURED',
        code: 409,
      });
    } finally {
      await replica.stop();
    }
  });

  it('says in a line which permission is missing, and goes on when it is there', async () => {
    fill(10);
    rest.permissions.delete('view-full-other-user-info');
    const replica = await startReplica({ nodeID: 'presence-1', env: rest.env });
    try {
      const status = () => replica.broker.call<{ fault?: string; users?: ImportState }>('rocketchat.status');
      await eventually(async () => expect((await status()).fault).toContain('view-full-other-user-info'), PATIENT);
      rest.permissions.add('view-full-other-user-info');
      await replica.broker.call('rocketchat.import');
      await eventually(async () => expect((await status()).users).toMatchObject({ imported: 11 }), PATIENT);
    } finally {
      await replica.stop();
    }
  });

  it('at the prompt shows how far it is, and why it cannot go on', async () => {
    fill(4_000);
    const node = NodeProcess.start({ ...rest.env, PORT: `${await freePort()}`, DATA_DIR: ':memory:' }, ['--repl']);
    try {
      await node.says('users of Rocket.Chat are here: 4001');
      node.type('import again');
      await node.says('importing: ');
      await node.says('4001 users are here, 0 could not be taken');
      rest.permissions.delete('view-full-other-user-info');
      node.type('import again');
      await node.says('it needs the role admin');
    } finally {
      await node.end('SIGKILL');
    }
  });

  describe.each(['embedded', 'MongoDB'])('of %s users, by a node that is killed again and again', (kind) => {
    let server: MongoServer | undefined;
    let database: ReturnType<typeof freshDatabase> | undefined;
    let folder: string;
    beforeAll(async () => {
      server = kind === 'MongoDB' ? await startMongo({ durable: true }) : undefined;
      database = server && freshDatabase(server);
      folder = await mkdtemp(path.join(tmpdir(), 'presence-import-'));
    });
    afterAll(async () => {
      await server?.stop();
      await rm(folder, { recursive: true, force: true });
    });

    it('goes on where it was, and everybody is here', async () => {
      const users = server?.slow ? USERS / 10 : USERS;
      fill(users);
      const [nats, kills] = [await startNats(), 3];
      const core = await startRocketChatNode(nats.url, 'core-1', [], { patient: true });
      const store: Record<string, string> = database ? { MONGO_URL: database.url } : { DATA_DIR: folder };
      const start = async (n: number) => {
        const env = { ...rest.env, ...store, TRANSPORTER: nats.url, INSTANCE_ID: `presence-${n}` };
        return NodeProcess.start({ ...env, PORT: `${await freePort()}`, SYNC_INTERVAL: '1000', LOG_LEVEL: 'warn' });
      };
      try {
        const asked = () => rest.asked('v1/users.list').filter(({ status }) => status === 200).length;
        let node = await start(0);
        for (let kill = 1; kill <= kills; kill++) {
          await eventually(() => expect(asked()).toBeGreaterThan((users / 100 / (kills + 1)) * kill), {
            timeoutMs: 60_000,
          });
          await node.end('SIGKILL');
          node = await start(kill);
        }
        const status = () =>
          core.broker.call<{ users?: ImportState }, object>('rocketchat.status', {}, { nodeID: `presence-${kills}` });
        await eventually(async () => expect((await status()).users?.finishedAt).toBeDefined(), { timeoutMs: 60_000 });
        expect((await status()).users).toMatchObject({ imported: users + 1, total: users + 1, refused: 0 });
        // A page a kill was asked for again, one user of each is asked for twice, and nothing began anew.
        expect(asked()).toBeLessThanOrEqual(Math.ceil((users + 1) / 99) + kills + 1);
        const ids = Array.from({ length: 1000 }, (_, i) => `u${Math.floor((i * users) / 1000)}`);
        // A store that takes longer than two seconds is answered as unknown, for which a reader comes again.
        await eventually(async () => {
          const views = await core.callAt<{ uid: string; username?: string }[]>(`presence-${kills}`, 'getMany', ids);
          expect(views.map(({ uid, username }) => [uid, username])).toEqual(
            ids.map((id) => [id, id.replace('u', 'name.')]),
          );
        }, PATIENT);
        expect(await node.end('SIGTERM')).toBe(0);
      } finally {
        await core.stop();
        await nats.stop();
      }
    }, 180_000);
  });
});
