import type { Caller } from '../../../lib/http/access';
import { PresenceError } from '../../../lib/wire/errors';
import type { ClientLimits } from '../../../lib/socket/socket-client';
import { CLOSE, SocketError } from '../../../lib/socket/socket-errors';
import { FakeWire } from '../../helpers/feed-fixture';
import { Connected, type SocketWorld, SOMEBODY, tick, worldOfEach } from '../../helpers/socket-world';

let world: SocketWorld;
worldOfEach((fresh) => (world = fresh));

const connected = (wire = new FakeWire()) => new Connected(world.connect(wire), wire);

const good = async (token: string) => (token === 'good' ? SOMEBODY : undefined);
const anonymous = (ofToken: (token: string) => Promise<Caller | undefined> = good) => {
  const wire = new FakeWire();
  return new Connected(world.connectAnonymous(wire, ofToken), wire);
};

describe('who it is', () => {
  test('one let in by his headers is greeted; he must not say it again', async () => {
    const one = connected();
    expect(one.heard()).toEqual([{ op: 'hello', name: 'test', scope: 'read', epoch: world.feed.epoch }]);
    await one.says({ op: 'auth', token: 'good' });
    expect(one.said()).toEqual(['error ALREADY_AUTHENTICATED']);
    expect(one.wire.closed).toBeUndefined();
  });

  test('another says it first, and is told nothing before', async () => {
    const one = anonymous();
    for (const frame of [{ op: 'subscribe', uids: 'all' }, { op: 'ping' }, { op: 'unsubscribe' }])
      await one.says(frame);
    expect(one.said()).toEqual(Array(3).fill('error UNAUTHENTICATED'));
    await one.says({ op: 'auth', token: 'good' });
    expect(one.said()).toEqual(['hello']);
    await tick(10_000);
    expect(one.wire.closed).toBeUndefined();
  });

  test('a token that nobody has ends the connection', async () => {
    const one = anonymous();
    await one.says({ op: 'auth', token: 'bad' });
    expect(one.said()).toEqual(['error UNAUTHENTICATED']);
    expect(one.wire.closed?.code).toBe(4401);
    await one.says({ op: 'auth', token: 'good' });
    expect(one.heard()).toEqual([]);
  });

  test('who says nothing for 5 s is sent away', async () => {
    const one = anonymous();
    await tick(4_999);
    expect(one.wire.closed).toBeUndefined();
    await tick(1);
    expect(one.wire.closed?.code).toBe(4401);
  });

  test('where it cannot be found out he is to come again, and frames meanwhile are not followed', async () => {
    const one = anonymous(() => Promise.reject(new PresenceError('AUTH_UNAVAILABLE', 'away')));
    await one.says({ op: 'auth', token: 'good' });
    expect(one.said()).toEqual(['error AUTH_UNAVAILABLE']);
    expect(one.wire.closed?.code).toBe(1013);
  });

  test('frames that come while it is found out are followed after it', async () => {
    let know: (who: Caller) => void = () => undefined;
    const one = anonymous(() => new Promise((resolve) => (know = resolve)));
    await one.says({ op: 'auth', token: 'good' });
    await one.says({ op: 'ping' });
    expect(one.heard()).toEqual([]);
    know(SOMEBODY);
    await tick();
    expect(one.said()).toEqual(['hello', 'pong']);
  });
});

describe('once let in', () => {
  test.each([
    ['is not known any more', async () => undefined],
    ['is refused', () => Promise.reject(new PresenceError('UNAUTHENTICATED', 'no'))],
  ])('one who %s is sent away', async (_what, again) => {
    const wire = new FakeWire();
    const one = new Connected(world.connect(wire, again), wire);
    await one.says({ op: 'subscribe', uids: ['ann'] });
    one.heard();
    await one.client.recheck();
    expect(one.said()).toEqual(['error UNAUTHENTICATED']);
    expect(wire.closed?.code).toBe(4401);
    await world.change('ann', 'online');
    expect(one.said()).toEqual([]);
  });

  test('one who cannot be asked about stays, and so does one who is known', async () => {
    const wire = new FakeWire();
    const away = () => Promise.reject(new PresenceError('AUTH_UNAVAILABLE', 'away'));
    const all = [new Connected(world.connect(wire, away), wire), connected()];
    for (const one of all) await one.client.recheck();
    for (const one of all) expect([one.said(), one.wire.closed]).toEqual([['hello'], undefined]);
  });

  test('a token of a first frame is looked at again', async () => {
    let known: Caller | undefined = SOMEBODY;
    const one = anonymous(async () => known);
    await one.client.recheck(); // nobody yet: he has 5 s
    await one.says({ op: 'auth', token: 'good' });
    await one.client.recheck();
    expect(one.said()).toEqual(['hello']);
    known = undefined;
    await one.client.recheck();
    expect(one.wire.closed?.code).toBe(4401);
  });
});

describe('what a caller may have', () => {
  const limited = (limits: Partial<ClientLimits>) => {
    const wire = new FakeWire();
    return new Connected(
      world.connectAs(wire, () => ({ subscribe: () => undefined, unsubscribe: () => undefined, ...limits })),
      wire,
    );
  };

  test('where there is no room for it, it is told and sent away', async () => {
    const wire = new FakeWire();
    const error = new SocketError('RATE_LIMITED', 'too many; again in 7 s');
    const one = new Connected(
      world.connectAs(wire, () => ({ error, close: CLOSE.rateLimited })),
      wire,
    );
    expect(one.heard()).toEqual([{ op: 'error', code: 'RATE_LIMITED', detail: 'too many; again in 7 s' }]);
    await one.says({ op: 'subscribe', uids: ['ann'] });
    expect([wire.closed?.code, one.heard()]).toEqual([1013, []]);
  });

  test('a subscription that is refused leaves the one before as it is, and names itself', async () => {
    const one = limited({
      subscribe: (ids) => {
        if (ids > 1) throw new SocketError('TOO_MANY_IDS');
      },
    });
    await one.says({ op: 'subscribe', uids: ['ann'] });
    await one.says({ op: 'subscribe', id: 'x', uids: ['ann', 'bob'] });
    await world.change('ann', 'online');
    expect(one.said()).toEqual(['hello', 'snapshot ann:unknown', 'error x TOO_MANY_IDS', 'changes ann:online']);
  });

  test('the end of a subscription is told, and that of the connection', async () => {
    let ends = 0;
    const one = limited({ unsubscribe: () => void (ends += 1) });
    await one.says({ op: 'subscribe', uids: ['ann'] });
    await one.says({ op: 'unsubscribe' });
    expect(ends).toBe(1);
    one.client.end();
    one.client.end();
    expect(ends).toBe(2);
  });

  test('each frame and ping is told to the wire, which stops reading from a client that does not read', async () => {
    const one = limited({});
    await one.says({ op: 'ping' });
    one.client.heed();
    expect(one.wire.takenFrames).toBe(2);
  });

  test('too many failed authentications are told as such', async () => {
    const one = anonymous(() => Promise.reject(new PresenceError('RATE_LIMITED', 'too many')));
    await one.says({ op: 'auth', token: 'good' });
    expect([one.said(), one.wire.closed?.code]).toEqual([['error RATE_LIMITED'], 1013]);
  });
});

describe('frames that cannot be followed', () => {
  test('are answered, and the connection lives on', async () => {
    const one = connected();
    one.heard();
    for (const frame of ['{', { op: 'dance' }, { op: 'subscribe', id: 'x', uids: [] }, { op: 'ping' }]) {
      await one.says(frame);
    }
    one.client.receive(Buffer.from('{"op":"ping"}'), true);
    await tick();
    expect(one.said()).toEqual([
      'error BAD_FRAME',
      'error UNKNOWN_OP',
      'error x INVALID_ARGUMENT',
      'pong',
      'error BAD_FRAME',
    ]);
    expect(one.wire.closed).toBeUndefined();
  });

  test('a frame that is refused leaves the subscription as it is', async () => {
    const one = connected();
    await one.says({ op: 'subscribe', uids: ['ann'] });
    await one.says({ op: 'subscribe', uids: [] });
    one.heard();
    await world.change('ann', 'online');
    expect(one.said()).toEqual(['changes ann:online']);
  });

  test('more than 50 a second end the connection', async () => {
    const one = connected();
    for (let i = 0; i < 50; i++) await one.says({ op: 'ping' }, 0);
    expect(one.wire.closed).toBeUndefined();
    await one.says({ op: 'ping' }, 0);
    expect(one.wire.closed?.code).toBe(1008);
    const other = connected();
    for (let i = 0; i < 200; i++) await other.says({ op: 'ping' }, 20);
    expect(other.wire.closed).toBeUndefined();
  });
});
