import { Mirror } from '../../../lib/mirror/mirror';
import { StatusPush } from '../../../lib/rocketchat/status-push';
import { PresenceError } from '../../../lib/wire/errors';
import { RocketChatFault } from '../../../lib/rocketchat/faults';
import { AccountInMemory, OwnSideInMemory } from '../../helpers/mirrored-sides';

jest.mock(
  'node:timers/promises',
  () => jest.requireActual<{ promisedTimers: object }>('../../helpers/promised-timers').promisedTimers,
);

const [SECOND, MINUTE] = [1_000, 60_000];
const uidOf = (n: number) => `u${n}`;

/** A clock of its own: hours go by in a moment, at Rocket.Chat's own limits. */
describe('a mirror', () => {
  let account: AccountInMemory;
  let side: OwnSideInMemory;
  let push: StatusPush;
  let notes: Map<string, object>;
  let warnings: string[];
  let mirror: Mirror;

  function start({ carries = true, decides = true } = {}): void {
    push = new StatusPush({ account });
    const link = {
      account: account as never,
      knowsEnds: true,
      worked: () => undefined,
      failed: (fault: RocketChatFault) => warnings.push(fault.message),
      setStatus: (wanted: Parameters<StatusPush['set']>[0]) => push.set(wanted),
    };
    const store = {
      read: async <T extends object>(name: string) => structuredClone(notes.get(name)) as T | undefined,
      write: async (name: string, note: object) => void notes.set(name, structuredClone(note)),
    };
    mirror = new Mirror({
      ...{ link, side, notes: store, withinMs: 5 * SECOND, carries, decides },
      warn: (message) => warnings.push(message),
    });
    mirror.begin();
  }
  async function stop(): Promise<void> {
    const ended = Promise.all([mirror.end(), push.stop()]);
    await jest.advanceTimersByTimeAsync(SECOND);
    await ended;
  }
  const passes = (ms: number) => jest.advanceTimersByTimeAsync(ms);
  const say = (uid: string, statusText: string) => {
    side.say(uid, { statusDefault: 'busy', statusText, statusSource: 'manual' });
    mirror.changed([uid]);
  };
  const textsHere = () => Object.fromEntries([...side.records].map(([uid, { statusText }]) => [uid, statusText]));
  const textsThere = () => Object.fromEntries([...account.users].map(([uid, { statusText }]) => [uid, statusText]));
  const told = () => account.calls.filter((path) => path === 'v1/users.setStatus').length;

  beforeEach(() => {
    jest.useFakeTimers();
    [account, side, notes, warnings] = [new AccountInMemory(), new OwnSideInMemory(), new Map<string, object>(), []];
  });
  afterEach(async () => {
    await stop();
    jest.useRealTimers();
  });

  it('follows and tells within the time that Rocket.Chat’s limits allow', async () => {
    account.say('ann', 'busy', 'there');
    account.say('bob', 'online', '');
    start();
    await passes(SECOND);
    expect(side.records.get('ann')).toMatchObject({ statusDefault: 'busy', statusText: 'there' });
    expect([...side.connections]).toEqual([
      ['ann', 'online'],
      ['bob', 'online'],
    ]);
    say('bob', 'here');
    await passes(SECOND);
    expect(account.users.get('bob')).toMatchObject({ status: 'busy', statusText: 'here' });
    account.say('ann', 'online', '');
    await passes(7 * SECOND);
    expect(side.records.get('ann')).toMatchObject({ statusDefault: 'online', statusText: '' });
    await passes(10 * MINUTE);
    expect([told(), side.claims]).toEqual([1, 2]);
  });

  it('takes over what was said there without saying the opposite meanwhile, however long that takes', async () => {
    side.claimsTakeMs = 2 * SECOND;
    start();
    for (const status of ['busy', 'online']) {
      account.say('ann', status, '');
      for (let looks = 0; looks < 90; looks++) await passes(SECOND / 10).then(() => mirror.changed(['ann']));
    }
    expect([told(), side.claims, side.records.get('ann')?.statusDefault]).toEqual([0, 2, 'online']);
  });

  it('while Rocket.Chat is away for an hour holds users, not changes, and catches up', async () => {
    for (let n = 0; n < 50; n++) account.say(uidOf(n), 'online', '');
    start();
    await passes(MINUTE);
    account.isAway = true;
    for (let minute = 0; minute < 60; minute++) {
      // Forty talk here, ten others there; one leaves there, and one comes.
      for (let n = 0; n < 40; n++) say(uidOf(n), `here ${minute}`);
      for (let n = 40; n < 50; n++) account.say(uidOf(n), 'busy', `there ${minute}`);
      await passes(MINUTE);
      expect(mirror.state.untold).toBeLessThanOrEqual(40);
      expect(push.size).toBeLessThanOrEqual(1);
    }
    account.say('u49', 'offline', '');
    account.say('late', 'online', 'there');
    expect(told()).toBeGreaterThan(1); // it was tried
    expect(told()).toBeLessThan(100); // and not again and again
    const before = told();
    account.isAway = false;
    await passes(2 * MINUTE);
    expect(textsHere()).toMatchObject({ u40: 'there 59', u48: 'there 59', late: 'there' });
    expect(side.connections.has('u49')).toBe(false);
    await passes(10 * MINUTE); // forty, at five a minute
    expect(textsThere()).toMatchObject({ u0: 'here 59', u39: 'here 59' });
    expect(mirror.state.untold).toBe(0);
    expect(told() - before).toBe(40);
    expect(side.records.get('u7')).toMatchObject({ statusText: 'here 59' });
  });

  it('of what waits for its turn the newest is told, and nothing twice', async () => {
    for (let n = 0; n < 10; n++) account.say(uidOf(n), 'online', '');
    start();
    await passes(SECOND);
    for (let n = 0; n < 10; n++) say(uidOf(n), 'first');
    await passes(30 * SECOND);
    expect(told()).toBe(5);
    for (let n = 0; n < 10; n++) say(uidOf(n), 'second');
    await passes(30 * SECOND);
    for (let n = 0; n < 10; n++) say(uidOf(n), 'third');
    await passes(10 * MINUTE);
    expect(textsThere()).toEqual(Object.fromEntries(Array.from({ length: 10 }, (_, n) => [uidOf(n), 'third'])));
    expect(told()).toBeLessThanOrEqual(5 + 5 + 10);
  });

  it('what waits to be told is newer than what was said there before its turn came', async () => {
    for (let n = 0; n < 6; n++) account.say(uidOf(n), 'online', '');
    start();
    await passes(SECOND);
    for (let n = 0; n < 6; n++) say(uidOf(n), 'here');
    await passes(2 * SECOND);
    expect(account.users.get('u5')).toMatchObject({ statusText: '' });
    account.say('u5', 'busy', 'there');
    await passes(20 * SECOND);
    expect(side.records.get('u5')).toMatchObject({ statusText: 'here' });
    await passes(2 * MINUTE);
    expect([textsHere().u5, textsThere().u5]).toEqual(['here', 'here']);
  });

  it('the end of what was said on both sides is no news, and takes nothing away that comes after it', async () => {
    account.say('ann', 'online', '');
    start();
    await passes(SECOND);
    const statusExpiresAt = new Date(Date.now() + 10 * SECOND);
    side.say('ann', { statusDefault: 'busy', statusText: 'in a call', statusSource: 'internal', statusExpiresAt });
    mirror.changed(['ann']);
    await passes(9 * SECOND);
    expect(account.users.get('ann')).toMatchObject({ statusText: 'in a call' });
    // What waited behind it is said at its end, of which this is not told before Rocket.Chat is looked at again.
    await passes(SECOND + 1);
    side.say('ann', { statusDefault: 'away', statusText: 'out' });
    side.silent = true;
    await passes(6 * SECOND);
    expect(side.records.get('ann')).toMatchObject({ statusText: 'out' });
    side.silent = false;
    mirror.changed(['ann']);
    await passes(30 * SECOND);
    expect([textsHere().ann, textsThere().ann]).toEqual(['out', 'out']);
  });

  it('goes on where another one ended, and takes nothing back', async () => {
    account.say('ann', 'busy', 'one');
    account.say('bob', 'online', '');
    start();
    await passes(SECOND);
    say('bob', 'here');
    await passes(10 * SECOND);
    await stop();
    account.say('ann', 'busy', 'two');
    account.say('bob', 'away', 'there');
    side.say('cleo', { statusDefault: 'away', statusText: 'said while nobody looked' });
    start();
    await passes(20 * SECOND);
    expect(textsHere()).toMatchObject({ ann: 'two', bob: 'there' });
    expect(textsThere()).toEqual({ ann: 'two', bob: 'there', cleo: 'said while nobody looked' });
  });

  it('beside a bus puts right what that has lost, and nothing else', async () => {
    account.say('ann', 'busy', 'old');
    account.say('bob', 'online', '');
    start({ carries: false });
    await passes(SECOND);
    expect(side.claims).toBe(0); // what is old is not lost
    expect(side.connections.size).toBe(0);
    say('bob', 'here');
    account.say('ann', 'busy', 'new');
    await passes(10 * SECOND);
    expect(textsHere()).toMatchObject({ ann: 'new', bob: 'here' });
    expect(told()).toBe(0);
    // It came by the bus, and something newer after it, before it was looked at again.
    await passes(2 * SECOND);
    account.say('ann', 'busy', 'newer');
    await passes(SECOND);
    side.say('ann', { statusDefault: 'online', statusText: '' });
    await passes(20 * SECOND);
    expect(textsHere()).toMatchObject({ ann: '' });
  });

  it('sees within two minutes who was deleted there while online, with no call more than the limit allows', async () => {
    for (const uid of ['ann', 'bob', 'cleo']) account.say(uid, 'online', '');
    start();
    await passes(90 * SECOND);
    const before = account.calls.length;
    account.users.delete('bob');
    await passes(2 * MINUTE);
    expect([...side.connections.keys()]).toEqual(['ann', 'cleo']);
    expect(account.calls.length - before).toBeLessThanOrEqual(20);
  });

  it('misses no text of who is offline there, whenever it is changed', async () => {
    for (const uid of ['ann', 'bob']) account.say(uid, 'offline', '');
    start();
    for (let n = 0; n < 20; n++) {
      await passes(7 * SECOND);
      account.say('ann', 'offline', `text ${n}`);
      await passes(14 * SECOND);
      expect(textsHere().ann).toBe(`text ${n}`);
    }
  });

  it('waits with the others where one user is refused', async () => {
    account.say('ann', 'online', '');
    account.say('bob', 'online', '');
    start();
    await passes(SECOND);
    jest.spyOn(push, 'set').mockImplementationOnce(() => {
      throw new PresenceError('ROCKETCHAT_REFUSED', 'no');
    });
    say('ann', 'x');
    say('bob', 'y');
    await passes(30 * SECOND);
    expect(textsThere()).toEqual({ ann: '', bob: 'y' });
    expect(mirror.state.untold).toBe(0);
    expect(warnings.join()).toContain('ann');
  });
});
