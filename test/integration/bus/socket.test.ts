import { BusFixture } from '../../helpers/bus-fixture';
import { eventually } from '../../helpers/eventually';
import { freePort } from '../../helpers/free-port';
import type { ServerFrame } from '../../helpers/picture';
import type { Replica } from '../../helpers/replica';
import type { RocketChatNode } from '../../helpers/rocket-chat-node';
import { READ_TOKEN, SocketUser, TOKENS } from '../../helpers/socket-client';

const CORE = 'core-1';

/** What WebSocket clients are told of what Rocket.Chat's nodes call, on either store. */
describe('the WebSocket', () => {
  let bus: BusFixture;
  let core: RocketChatNode;
  let ports: [number, number];
  const users: SocketUser[] = [];

  const replica = (nodeID: string, port: number): Promise<Replica> =>
    bus.replica({ nodeID, env: { PORT: String(port), API_TOKENS: TOKENS } });

  beforeAll(async () => {
    bus = await BusFixture.start();
    ports = [await freePort(), await freePort()];
    await replica('presence-1', ports[0]);
    await replica('presence-2', ports[1]);
    core = await bus.rocketChat(CORE);
  });
  afterEach(() => users.splice(0).forEach((user) => user.cut()));
  afterAll(() => bus.stop());

  async function connect(port = ports[0]): Promise<SocketUser> {
    const user = await SocketUser.open(port, { token: READ_TOKEN });
    users.push(user);
    return user;
  }

  async function subscribed(uids: 'all' | readonly string[], port = ports[0]): Promise<SocketUser> {
    const user = await connect(port);
    user.subscribe(uids);
    await user.answered();
    return user;
  }

  test('a snapshot of everybody who is there, then what changes', async () => {
    await core.call('newConnection', 'ann', 'ann/1', CORE);
    await core.call('newConnection', 'gone', 'gone/1', CORE);
    await core.call('removeConnection', 'gone', 'gone/1');
    const user = await subscribed('all');
    await user.knows({ ann: 'online' });
    expect(user.picture.users.has('gone')).toBe(false);
    await core.call('setStatus', 'ann', 'busy', 'in a meeting');
    await core.call('newConnection', 'bob', 'bob/1', CORE);
    await user.knows({ ann: 'busy', bob: 'online' });
    expect(user.picture.users.get('ann')).toMatchObject({ uid: 'ann', statusText: 'in a meeting', roles: [] });
    await core.call('removeConnection', 'bob', 'bob/1');
    await user.knows({ bob: 'offline' });
  });

  test('by ids: those alone', async () => {
    await core.call('newConnection', 'cleo', 'cleo/1', CORE);
    const user = await subscribed(['cleo', 'dora']);
    await user.knows({ cleo: 'online', dora: 'unknown' });
    await core.call('newConnection', 'other', 'other/1', CORE);
    await core.call('newConnection', 'dora', 'dora/1', CORE);
    await user.knows({ dora: 'online' });
    expect([...user.picture.users.keys()].sort()).toEqual(['cleo', 'dora']);
  });

  test('what is changed by way of another replica', async () => {
    await core.callAt('presence-1', 'newConnection', 'emil', 'emil/1', CORE);
    const user = await subscribed(['emil'], ports[1]);
    for (const status of ['busy', 'away', 'offline', 'busy', 'away']) {
      await core.callAt('presence-1', 'setStatus', 'emil', status);
      await user.knows({ emil: status });
    }
  });

  test('also while nothing is told on the bus, by whichever replica', async () => {
    const both = [await subscribed(['fay']), await subscribed(['fay'], ports[1])];
    await core.call('newConnection', 'fay', 'fay/1', CORE);
    for (const user of both) await user.knows({ fay: 'online' });
    await core.call('toggleBroadcast', false);
    for (const status of ['busy', 'away']) {
      await core.call('setStatus', 'fay', status);
      for (const user of both) await user.knows({ fay: status });
    }
    await core.call('toggleBroadcast', true);
  });

  test('many changes at once come in few frames, of each user the last', async () => {
    const beganAtMs = performance.now();
    const user = await subscribed('all');
    const uids = Array.from({ length: 20 }, (_, i) => `m${i}`);
    await Promise.all(uids.map((uid) => core.call('newConnection', uid, `${uid}/1`, CORE)));
    const statuses = ['busy', 'away', 'online', 'offline'];
    const calls = Array.from({ length: 800 }, (_, i) => ({ uid: `m${i % 20}`, status: statuses[(i >> 3) % 4]! }));
    for (let from = 0; from < calls.length; from += 20) {
      await Promise.all(calls.slice(from, from + 20).map(({ uid, status }) => core.call('setStatus', uid, status)));
    }
    const last = Object.fromEntries(calls.map(({ uid, status }) => [uid, status]));
    await user.knows(last);
    const changes = user.frames.filter(({ op }) => op === 'changes');
    // However long it took: a frame for each 50 ms at most, and one at once. Ten of them are leeway: a timer of Node counts from
    // when the turn of the event loop began, which in a busy process is some milliseconds before it was set.
    expect(changes.length).toBeLessThanOrEqual((performance.now() - beganAtMs) / 40 + 1);
    expect(changes.length).toBeLessThan(calls.length);
    for (const { users: of = [] } of changes) expect(new Set(of.map(({ uid }) => uid)).size).toBe(of.length);
    const numbers = changes.map(numberOf);
    expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b));
  });

  test('ping is answered, in the protocol and as a frame', async () => {
    const user = await connect();
    let pongs = 0;
    user.socket.on('pong', () => (pongs += 1));
    user.socket.ping();
    user.says({ op: 'ping' });
    await user.hears(({ op }) => op === 'pong');
    await eventually(() => expect(pongs).toBe(1));
  });

  test('a replica that was started anew has another epoch, and says so by a fresh snapshot', async () => {
    const port = await freePort();
    const before = await replica('presence-3', port);
    await core.call('newConnection', 'gus', 'gus/1', CORE);
    const user = await subscribed(['gus'], port);
    await user.knows({ gus: 'online' });
    const position = user.picture.position!;
    await bus.leave(before);
    await expect(user.isClosed()).resolves.toMatchObject({ code: 1001 });
    const after = await replica('presence-3', port);
    await core.call('setStatus', 'gus', 'busy');
    const again = await SocketUser.open(port, { token: READ_TOKEN }, user.picture);
    again.subscribe(['gus'], true);
    const answer = await again.answered();
    expect(answer).toMatchObject({ op: 'snapshot', first: true });
    expect(answer.seq!.split('.')[0]).not.toBe(position.split('.')[0]);
    await again.knows({ gus: 'busy' });
    again.cut();
    await bus.leave(after);
  });
});

function numberOf({ seq }: ServerFrame): number {
  return Number(seq!.split('.')[1]);
}
