import { RocketChatFault } from '../../../lib/rocketchat/faults';
import type { RestRequest } from '../../../lib/rocketchat/rest-client';
import { StatusPush } from '../../../lib/rocketchat/status-push';
import { eventually } from '../../helpers/eventually';

const AWAY = new RocketChatFault('AWAY', 'gone');

/** An account whose calls end when the test says so. */
class HeldAccount {
  readonly bodies: Record<string, unknown>[] = [];
  /** Resolves when calls get their turn. */
  turn: Promise<void> | undefined;
  private readonly open: { resolve(): void; reject(error: unknown): void }[] = [];

  async call<T>({ body }: RestRequest, signal?: AbortSignal): Promise<T> {
    if (this.turn) await this.turn;
    signal?.throwIfAborted();
    const given = typeof body === 'function' ? (body as () => object)() : body;
    this.bodies.push(JSON.parse(JSON.stringify(given)) as Record<string, unknown>);
    return new Promise<T>((resolve, reject) => this.open.push({ resolve: () => resolve({} as T), reject }));
  }

  async take(): Promise<void> {
    await eventually(() => expect(this.open.length).toBeGreaterThan(0));
    this.open.shift()!.resolve();
  }

  async fail(error: unknown): Promise<void> {
    await eventually(() => expect(this.open.length).toBeGreaterThan(0));
    this.open.shift()!.reject(error);
  }
}

describe('statuses on their way to Rocket.Chat', () => {
  let account: HeldAccount;
  let push: StatusPush;
  beforeEach(() => {
    account = new HeldAccount();
    push = new StatusPush({ account, pauseMs: [5, 20], maxUsers: 3 });
  });
  afterEach(() => push.stop());

  it('go one after the other, in the order of the users', async () => {
    const set = Promise.all(['ann', 'bob', 'cleo'].map((uid) => push.set({ uid, status: 'busy' })));
    for (let i = 0; i < 3; i++) {
      await eventually(() => expect(account.bodies).toHaveLength(i + 1));
      await account.take();
    }
    await set;
    expect(account.bodies.map(({ userId }) => userId)).toEqual(['ann', 'bob', 'cleo']);
  });

  it('of one user the newest alone goes, and everybody who waited is told', async () => {
    const first = push.set({ uid: 'ann', status: 'away' });
    const rest = [push.set({ uid: 'ann', status: 'busy', text: 'x' }), push.set({ uid: 'ann', status: 'online' })];
    await account.take();
    await first;
    await account.take();
    await Promise.all(rest);
    expect(account.bodies).toEqual([
      { userId: 'ann', status: 'away' },
      { userId: 'ann', status: 'online', message: 'x' },
    ]);
  });

  it('what goes is the newest when its turn comes, not when it was asked for', async () => {
    let comes!: () => void;
    account.turn = new Promise((resolve) => (comes = resolve));
    const set = [push.set({ uid: 'ann', status: 'away' }), push.set({ uid: 'ann', status: 'busy', text: 'x' })];
    comes();
    await account.take();
    await Promise.all(set);
    expect(account.bodies).toEqual([{ userId: 'ann', status: 'busy', message: 'x' }]);
  });

  it('who does not wait for long hears so, and nothing is set of what nobody waits for', async () => {
    let comes!: () => void;
    account.turn = new Promise((resolve) => (comes = resolve));
    const first = push.set({ uid: 'ann', status: 'away' }, 20);
    const second = push.set({ uid: 'bob', status: 'away' }, 20);
    const patient = push.set({ uid: 'bob', status: 'busy' });
    for (const one of [first, second]) await expect(one).rejects.toMatchObject({ type: 'ROCKETCHAT_UNAVAILABLE' });
    comes();
    await account.take();
    await patient;
    expect(account.bodies).toEqual([{ userId: 'bob', status: 'busy' }]);
    expect(push.size).toBe(0);
  });

  it('who does not wait for long hears of a Rocket.Chat that is away; who does, goes on waiting', async () => {
    const hasty = push.set({ uid: 'ann', status: 'busy' }, 60_000);
    const patient = push.set({ uid: 'bob', status: 'busy' });
    await account.fail(AWAY);
    await expect(hasty).rejects.toBe(AWAY);
    await account.fail(AWAY);
    await account.take();
    await patient;
    expect(account.bodies.map(({ userId }) => userId)).toEqual(['ann', 'bob', 'bob']);
  });

  it('a status comes with its own end, never with that of an older one', async () => {
    const first = push.set({ uid: 'ann', status: 'away' });
    const second = push.set({ uid: 'ann', status: 'busy', expiresAt: new Date('2030-01-01') });
    const third = push.set({ uid: 'ann', status: 'online' });
    await account.take();
    await account.take();
    await Promise.all([first, second, third]);
    expect(account.bodies[1]).toEqual({ userId: 'ann', status: 'online' });
  });

  it('wait while Rocket.Chat is away, and a newer one takes the place of what failed', async () => {
    const first = push.set({ uid: 'ann', status: 'away' });
    const second = push.set({ uid: 'ann', status: 'busy' });
    await account.fail(AWAY);
    await account.fail(AWAY);
    await account.take();
    await Promise.all([first, second]);
    expect(account.bodies.map(({ status }) => status)).toEqual(['away', 'busy', 'busy']);
  });

  it('what Rocket.Chat will never take is told to its callers, and the next one goes', async () => {
    const refused = new RocketChatFault('REFUSED', 'no', { said: 'error-status-not-allowed' });
    const first = push.set({ uid: 'ann', status: 'offline' });
    const second = push.set({ uid: 'bob', status: 'busy' });
    await account.fail(refused);
    await expect(first).rejects.toBe(refused);
    await account.take();
    await second;
    expect(push.size).toBe(0);
  });

  it('no more users wait than may', async () => {
    const set = ['a', 'b', 'c', 'd'].map((uid) => push.set({ uid, status: 'busy' }));
    // One is on its way, three wait.
    await expect(push.set({ uid: 'e', status: 'busy' })).rejects.toMatchObject({ type: 'BUSY' });
    const newer = push.set({ uid: 'b', status: 'away' });
    for (let i = 0; i < 4; i++) await account.take();
    await Promise.all([...set, newer]);
    expect(account.bodies.map(({ userId, status }) => `${String(userId)} ${String(status)}`)).toEqual([
      'a busy',
      'b away',
      'c busy',
      'd busy',
    ]);
  });

  it('what waits when the node stops is told so', async () => {
    const first = push.set({ uid: 'ann', status: 'busy' });
    const second = push.set({ uid: 'bob', status: 'busy' });
    const ended = Promise.allSettled([first, second]);
    await account.fail(AWAY);
    await push.stop();
    for (const outcome of await ended) {
      expect(outcome).toMatchObject({ status: 'rejected', reason: { type: 'STOPPING' } });
    }
    await expect(push.set({ uid: 'ann', status: 'busy' })).rejects.toMatchObject({ type: 'STOPPING' });
  });
});
