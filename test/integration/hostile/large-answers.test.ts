import type { Errors } from 'moleculer';
import { BusFixture } from '../../helpers/bus-fixture';
import { freePort } from '../../helpers/free-port';
import { ask } from '../../helpers/http-client';
import type { RocketChatNode } from '../../helpers/rocket-chat-node';
import { ADMIN_TOKEN, SocketUser, TOKENS } from '../../helpers/socket-client';

const MEGABYTE = 1024 * 1024;
const KEEPER = 'presence-a';
const OTHER = 'presence-b';

/** What NATS cannot carry in one message, between replicas whose stores are embedded: one of them keeps the state. */
describe('answers and requests above 1 MB', () => {
  let bus: BusFixture;
  let core: RocketChatNode;
  const ports: Record<string, number> = {};
  const uids = Array.from({ length: 1_000 }, (_, i) => `long-${i}`);

  beforeAll(async () => {
    bus = await BusFixture.start();
    for (const nodeID of [KEEPER, OTHER]) {
      ports[nodeID] = await freePort();
      const env = {
        PORT: `${ports[nodeID]}`,
        API_TOKENS: TOKENS,
        API_MAX_BODY: '4mb',
        CALLBACKS_ALLOW_PRIVATE: 'true',
      };
      await bus.replica({ nodeID, env });
    }
    core = await bus.rocketChat('core-1');
    const users = uids.map((_id) => ({ _id, name: 'n'.repeat(1_000), roles: ['r'.repeat(200)] }));
    const upserted = await over(OTHER, 'POST', '/users', { users });
    expect(upserted.status).toBe(200);
  });
  afterAll(() => bus.stop());

  const over = (nodeID: string, method: string, path: string, body?: unknown) =>
    ask(`http://127.0.0.1:${ports[nodeID]}`, { method, path: `/api/v1${path}`, body, token: ADMIN_TOKEN });

  test('a batch near the limit of a body is carried out at each, and answered alike', async () => {
    const items = uids.map((uid) => ({ uid, status: 'busy', text: 'x'.repeat(2_000) }));
    const answers = [
      await over(KEEPER, 'POST', '/users/status', { items }),
      await over(OTHER, 'POST', '/users/status', { items }),
    ];
    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
    expect(answers[1]!.text).toBe(answers[0]!.text);
  });

  test('a thousand long users are read at each', async () => {
    const [kept, handed] = [
      await over(KEEPER, 'POST', '/users/query', { uids }),
      await over(OTHER, 'POST', '/users/query', { uids }),
    ];
    expect(kept.text.length).toBeGreaterThan(MEGABYTE);
    expect(handed.status).toBe(200);
    expect(handed.text).toBe(kept.text);
  });

  test('sixty callbacks of a thousand users are listed at each', async () => {
    for (let i = 0; i < 60; i++) {
      const callback = { url: `http://127.0.0.1:9/${i}`, uids: uids.map((uid) => `${uid}-of-seventeen-or-more`) };
      expect((await over(i % 2 ? KEEPER : OTHER, 'POST', '/callbacks', callback)).status).toBe(201);
    }
    const [kept, handed] = [await over(KEEPER, 'GET', '/callbacks'), await over(OTHER, 'GET', '/callbacks')];
    expect(kept.text.length).toBeGreaterThan(MEGABYTE);
    expect(handed.text).toBe(kept.text);
  });

  test('a WebSocket at each is shown everybody', async () => {
    await Promise.all(uids.map((uid) => core.callAt(KEEPER, 'newConnection', uid, `s-${uid}`, 'core-1')));
    for (const nodeID of [KEEPER, OTHER]) {
      const user = await SocketUser.open(ports[nodeID]!, { token: ADMIN_TOKEN });
      user.subscribe('all');
      await user.knows({ [uids[0]!]: 'busy', [uids.at(-1)!]: 'busy' });
      user.cut();
    }
  });

  test.each([KEEPER, OTHER])('a caller on the bus is told by %s that it is too much', async (nodeID) => {
    const refused = core.callAt(nodeID, 'getMany', uids).catch((error: Errors.MoleculerError) => error);
    expect(await refused).toMatchObject({ type: 'TOO_LARGE', code: 413 });
    expect(await core.callAt<unknown[]>(nodeID, 'getMany', uids.slice(0, 100))).toHaveLength(100);
  });
});
