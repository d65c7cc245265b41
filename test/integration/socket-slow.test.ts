import { canSeeMemory, residentMb } from '../helpers/memory';
import { SocketUser, READ_TOKEN } from '../helpers/socket-client';
import { SocketNode } from '../helpers/socket-node';

const READERS = 30;
const USERS = 1_000;
const ROUNDS = 120;
const TEXT = 'x'.repeat(250);
/**
 * All that is told to them is 1.3 GB, of which the system's own buffers hold a part: without the limit the node grows by 680 MB and
 * more, with it by up to 255, most of which is garbage not yet collected.
 */
const MOST_MB = 400;

/** Clients that do not read. */
describe('slow readers of the WebSocket', () => {
  let node: SocketNode;

  beforeAll(async () => {
    node = await SocketNode.start();
  });
  afterAll(() => node.process.end('SIGTERM'));

  const idsOf = (count: number) => Array.from({ length: count }, (_, i) => `u${i}`);

  async function change(round: number): Promise<void> {
    const own = Array.from({ length: READERS + 1 }, (_, i) => `own${i}`);
    const most = [...idsOf(USERS - own.length), ...own];
    await node.setStatuses(most.map((uid) => ({ uid, status: 'busy', text: `${uid} ${round} ${TEXT}`.slice(0, 250) })));
  }

  /** @param own a user of his own, so that no two share their frames */
  async function subscribed(own: number): Promise<SocketUser> {
    const user = await SocketUser.open(node.port, { token: READ_TOKEN });
    user.subscribe([...idsOf(USERS), `own${own}`]);
    await user.answered();
    return user;
  }

  const knowsRound = (user: SocketUser, round: number) =>
    user.hears(({ users = [] }) => {
      const known = user.picture.users;
      return (
        users.length >= 0 &&
        idsOf(USERS - READERS - 1).every((uid) => textOf(known.get(uid))?.startsWith(`${uid} ${round} `))
      );
    }, 30_000);

  test('take no more of the node’s memory than the limit, hold up nobody else, and are right when they have read', async () => {
    await change(-1);
    const reader = await subscribed(0);
    const slow = await Promise.all(Array.from({ length: READERS }, (_, i) => subscribed(i + 1)));
    await change(0);
    for (const user of [reader, ...slow]) await knowsRound(user, 0);
    for (const user of slow) user.socket.pause();
    const before = canSeeMemory ? residentMb(node.process.pid) : 0;
    let most = 0;
    for (let round = 1; round <= ROUNDS; round++) {
      await change(round);
      if (canSeeMemory) most = Math.max(most, residentMb(node.process.pid) - before);
    }
    await knowsRound(reader, ROUNDS);
    expect(reader.frames.every(({ reason }) => reason === undefined)).toBe(true);
    expect(most).toBeLessThan(MOST_MB);
    for (const user of slow) user.socket.resume();
    for (const user of slow) {
      await knowsRound(user, ROUNDS);
      expect(user.frames.filter(({ op, reason }) => op === 'snapshot' && reason === 'slow').length).toBeGreaterThan(0);
      expect(user.fault).toBeUndefined();
    }
    await change(ROUNDS + 1);
    for (const user of [reader, ...slow]) await knowsRound(user, ROUNDS + 1);
    for (const user of [reader, ...slow]) user.cut();
  }, 120_000);
});

const textOf = (user: unknown) => (user as { statusText?: string } | undefined)?.statusText;
