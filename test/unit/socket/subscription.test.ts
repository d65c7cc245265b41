import { FakeWire } from '../../helpers/feed-fixture';
import { Connected, KEPT, short, type SocketWorld, tick, worldOfEach } from '../../helpers/socket-world';

let world: SocketWorld;
worldOfEach((fresh) => (world = fresh));

const connected = (wire = new FakeWire()) => new Connected(world.connect(wire), wire);

describe('subscriptions', () => {
  test('a snapshot, then changes, each with a position', async () => {
    world.users.write('ann', { status: 'online' });
    world.users.write('off', { status: 'offline' });
    const one = connected();
    await one.says({ op: 'subscribe', id: 'x', uids: 'all' });
    const [, snapshot] = one.heard();
    expect(snapshot).toMatchObject({ op: 'snapshot', id: 'x', seq: `${world.feed.epoch}.0`, first: true, more: false });
    expect(short(snapshot!)).toBe('snapshot x ann:online');
    await world.change('bob', 'busy');
    await world.change('ann', 'offline');
    const changes = one.heard();
    expect(changes.map(short)).toEqual(['changes bob:busy', 'changes ann:offline']);
    expect(changes.map(({ seq }) => seq)).toEqual([`${world.feed.epoch}.1`, `${world.feed.epoch}.2`]);
  });

  test('by ids: those alone, also who is not there or not known', async () => {
    world.users.write('ann', { status: 'offline' });
    const one = connected();
    await one.says({ op: 'subscribe', uids: ['ann', 'nobody'] });
    await world.change('bob', 'busy');
    await world.change('ann', 'online');
    expect(one.said()).toEqual(['hello', 'snapshot ann:offline,nobody:unknown', 'changes ann:online']);
  });

  test('one replaces the one before; unsubscribing ends it', async () => {
    const one = connected();
    await one.says({ op: 'subscribe', uids: ['ann'] });
    await one.says({ op: 'subscribe', uids: ['bob'] });
    one.heard();
    await world.change('ann', 'online');
    await world.change('bob', 'online');
    expect(one.said()).toEqual(['changes bob:online']);
    await one.says({ op: 'unsubscribe' });
    await world.change('bob', 'busy');
    expect(one.heard()).toEqual([]);
  });

  test('one that is replaced while it is read for is not heard of again', async () => {
    world.users.delays = [30, 0];
    const one = connected();
    await one.says({ op: 'subscribe', id: '1', uids: ['ann'] });
    await one.says({ op: 'subscribe', id: '2', uids: ['bob'] });
    await tick(100);
    expect(one.said()).toEqual(['hello', 'snapshot 2 bob:unknown']);
  });

  test('a snapshot of many comes in pages, and what changes meanwhile after them', async () => {
    const uids = Array.from({ length: 2_500 }, (_, i) => `u${1000 + i}`);
    for (const uid of uids) world.users.write(uid, { status: 'online' });
    world.users.delays = [20, 0];
    const one = connected();
    await one.says({ op: 'subscribe', uids: 'all' }, 25);
    await world.change('u1000', 'busy'); // its page was sent
    await tick(200);
    const frames = one.heard().slice(1);
    expect(frames.map(({ op, users: of, more, first }) => [op, of!.length, more, first])).toEqual([
      ['snapshot', 1_000, true, true],
      ['snapshot', 1_000, true, undefined],
      ['snapshot', 500, false, undefined],
      ['changes', 1, undefined, undefined],
    ]);
    expect(new Set(frames.flatMap(({ seq }) => seq))).toEqual(
      new Set([`${world.feed.epoch}.0`, `${world.feed.epoch}.1`]),
    );
  });

  test('while the store is away the client is told once, and gets its snapshot when it is back', async () => {
    world.users.isAway = true;
    const one = connected();
    await one.says({ op: 'subscribe', id: 'x', uids: 'all' }, 3_500);
    expect(one.said()).toEqual(['hello', 'error x STORE_UNAVAILABLE']);
    world.users.isAway = false;
    await tick(1_000);
    expect(one.said()).toEqual(['snapshot x']);
  });

  test('where changes were lost a fresh snapshot of another epoch comes, and says why', async () => {
    const one = connected();
    await one.says({ op: 'subscribe', id: 'x', uids: ['ann'] });
    const [, before] = one.heard();
    world.users.write('ann', { status: 'busy' });
    world.feed.lost();
    await tick();
    const [after] = one.heard();
    expect(short(after!)).toBe('snapshot x lost ann:busy');
    expect(after!.seq).not.toBe(before!.seq);
  });
});

describe('going on from a position', () => {
  /** One who had a snapshot and was cut off, and the end of his next connection. */
  async function cutOff(): Promise<{ since: string; again: Connected }> {
    const one = connected();
    await one.says({ op: 'subscribe', uids: ['ann', 'bob'] });
    one.client.end();
    const { picture } = one.wire;
    return { since: picture.position!, again: connected(new FakeWire(0, picture)) };
  }

  test('what was missed, and how much it is', async () => {
    const { since, again: one } = await cutOff();
    await world.change('ann', 'online');
    await world.change('other', 'online');
    await world.change('ann', 'busy');
    await world.change('bob', 'online');
    await one.says({ op: 'subscribe', id: 'x', uids: ['ann', 'bob'], since });
    const [, resumed, missed] = one.heard();
    expect([resumed, short(missed!)]).toEqual([
      { op: 'resumed', id: 'x', seq: since, missed: 2 },
      'changes ann:busy,bob:online',
    ]);
    await world.change('bob', 'busy');
    expect(one.said()).toEqual(['changes bob:busy']);
  });

  test('nothing was missed', async () => {
    const { since, again: one } = await cutOff();
    await one.says({ op: 'subscribe', uids: ['ann', 'bob'], since });
    expect(one.said()).toEqual(['hello', 'resumed 0']);
  });

  test('too much was missed: a fresh snapshot', async () => {
    const { since, again: one } = await cutOff();
    for (let i = 0; i <= KEPT; i++) await world.change(`other${i}`, 'online');
    await one.says({ op: 'subscribe', uids: ['ann', 'bob'], since });
    expect(one.said()).toEqual(['hello', 'snapshot ann:unknown,bob:unknown']);
  });

  test.each(['other.0', 'x', '.', 'EPOCH.9', 'EPOCH.-1', 'EPOCH.1e0'])(
    'a position that never was: %s',
    async (since) => {
      const one = connected();
      await one.says({ op: 'subscribe', uids: ['ann'], since: since.replace('EPOCH', world.feed.epoch) });
      expect(one.said()).toEqual(['hello', 'snapshot ann:unknown']);
    },
  );
});

describe('a client that does not read', () => {
  const FRAME = 600_000;

  test('has no more queued for it than the limit and a frame, and a fresh snapshot when it has read', async () => {
    const one = connected(new FakeWire(FRAME));
    await one.says({ op: 'subscribe', uids: 'all' });
    one.heard();
    one.wire.isStuck = true;
    for (let i = 0; i < 50; i++) await world.change(`u${i}`, 'online');
    expect(one.wire.bufferedAmount).toBe(2 * FRAME);
    expect(world.slow).toBe(1);
    one.wire.drain();
    await tick(1_100);
    const frames = one.heard();
    expect(frames.slice(0, 2).map(({ op }) => op)).toEqual(['changes', 'changes']);
    expect(frames[2]).toMatchObject({ op: 'snapshot', reason: 'slow', first: true });
    expect(one.wire.picture.present()).toHaveLength(50);
    await world.change('u0', 'offline');
    expect(one.wire.picture.present()).toHaveLength(49);
  });

  test('gets no next page of a snapshot, and none at all when it has gone', async () => {
    for (let i = 0; i < 5_000; i++) world.users.write(`u${i}`, { status: 'online' });
    const wire = new FakeWire(FRAME);
    wire.isStuck = true;
    const one = connected(wire);
    await one.says({ op: 'subscribe', uids: 'all' }, 1_000);
    expect(wire.bufferedAmount).toBe(FRAME); // the greeting
    one.client.end();
    wire.drain();
    await tick(1_000);
    expect(one.said()).toEqual(['hello']);
  });
});

describe('a client that subscribes again and again', () => {
  const uids = (from: number) => Array.from({ length: 1_000 }, (_, i) => `u${from + i}`);

  test('and does not read: nothing is read for it, and it gets the last of its subscriptions when it has read', async () => {
    const one = connected(new FakeWire(600_000));
    one.heard();
    one.wire.isStuck = true;
    await one.says({ op: 'ping' });
    for (let i = 0; i < 40; i++) await one.says({ op: 'subscribe', id: `s${i}`, uids: uids(i) }, 25);
    expect(world.users.asked).toEqual([]);
    one.wire.drain();
    await tick();
    const heard = one.heard();
    expect(heard.map(({ op, id }) => [op, id])).toEqual([
      ['pong', undefined],
      ['snapshot', 's39'],
    ]);
    await world.change('u0', 'online');
    await world.change('u39', 'online');
    expect(one.said()).toEqual(['changes u39:online']);
  });

  test('and ends: it waits for nothing any more', async () => {
    const one = connected(new FakeWire(600_000));
    one.wire.isStuck = true;
    await one.says({ op: 'ping' });
    await one.says({ op: 'subscribe', uids: ['ann'] });
    expect(one.wire.waiter).toBeDefined();
    await one.says({ op: 'unsubscribe' });
    expect(one.wire.waiter).toBeUndefined();
  });

  test('while the store is slow: one read is under way, and one waits', async () => {
    world.users.delays = [2_000, 0];
    const one = connected();
    for (let i = 0; i < 40; i++) await one.says({ op: 'subscribe', id: `s${i}`, uids: uids(i) }, 25);
    expect(world.users.asked).toHaveLength(1);
    await tick(4_000);
    expect(world.users.asked).toHaveLength(2);
    expect(one.heard().map(({ op, id }) => [op, id])).toEqual([
      ['hello', undefined],
      ['snapshot', 's39'],
    ]);
  });

  test('while the store is away: one timer is left of it, and none when it has gone', async () => {
    world.users.isAway = true;
    const [one, before] = [connected(), jest.getTimerCount()];
    for (let i = 0; i < 40; i++) await one.says({ op: 'subscribe', uids: ['ann'] }, 25);
    await tick();
    expect(jest.getTimerCount()).toBe(before + 1);
    one.client.end();
    expect(jest.getTimerCount()).toBe(before);
  });
});

test('a subscription on a feed that has stopped asks for no snapshots in a loop', async () => {
  world.users.delays = [10, 0];
  const one = connected();
  world.users.write('ann', { status: 'online' });
  world.feed.mark(['ann']);
  await one.says({ op: 'subscribe', uids: ['ann'] });
  world.feed.stop();
  world.feed.mark(['ann']);
  await tick(1_000);
  one.client.end();
  expect(world.users.asked.length).toBeLessThan(25);
});
