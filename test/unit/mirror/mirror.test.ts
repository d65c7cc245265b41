import { PresenceError } from '../../../lib/wire/errors';
import { mirrorFixture, MINUTE, SECOND } from '../../helpers/mirror-fixture';

jest.mock(
  'node:timers/promises',
  () => jest.requireActual<{ promisedTimers: object }>('../../helpers/promised-timers').promisedTimers,
);

const uidOf = (n: number) => `u${n}`;

describe('a mirror', () => {
  const world = mirrorFixture();
  const { start, stop, passes, say, textsHere, textsThere, told } = world;

  it('follows and tells within the time that Rocket.Chat’s limits allow', async () => {
    world.account.say('ann', 'busy', 'there');
    world.account.say('bob', 'online', '');
    start();
    await passes(SECOND);
    expect(world.side.records.get('ann')).toMatchObject({ statusDefault: 'busy', statusText: 'there' });
    expect([...world.side.connections]).toEqual([
      ['ann', 'online'],
      ['bob', 'online'],
    ]);
    say('bob', 'here');
    await passes(SECOND);
    expect(world.account.users.get('bob')).toMatchObject({ status: 'busy', statusText: 'here' });
    world.account.say('ann', 'online', '');
    await passes(7 * SECOND);
    expect(world.side.records.get('ann')).toMatchObject({ statusDefault: 'online', statusText: '' });
    await passes(10 * MINUTE);
    expect([told(), world.side.claims]).toEqual([1, 2]);
  });

  it('while Rocket.Chat is away for an hour holds users, not changes, and catches up', async () => {
    for (let n = 0; n < 50; n++) world.account.say(uidOf(n), 'online', '');
    start();
    await passes(MINUTE);
    world.account.isAway = true;
    for (let minute = 0; minute < 60; minute++) {
      // Forty talk here, ten others there; one leaves there, and one comes.
      for (let n = 0; n < 40; n++) say(uidOf(n), `here ${minute}`);
      for (let n = 40; n < 50; n++) world.account.say(uidOf(n), 'busy', `there ${minute}`);
      await passes(MINUTE);
      expect(world.mirror.state.untold).toBeLessThanOrEqual(40);
      expect(world.push.size).toBeLessThanOrEqual(1);
    }
    world.account.say('u49', 'offline', '');
    world.account.say('late', 'online', 'there');
    expect(told()).toBeGreaterThan(1); // it was tried
    expect(told()).toBeLessThan(100); // and not again and again
    const before = told();
    world.account.isAway = false;
    await passes(2 * MINUTE);
    expect(textsHere()).toMatchObject({ u40: 'there 59', u48: 'there 59', late: 'there' });
    expect(world.side.connections.has('u49')).toBe(false);
    await passes(10 * MINUTE); // forty, at five a minute
    expect(textsThere()).toMatchObject({ u0: 'here 59', u39: 'here 59' });
    expect(world.mirror.state.untold).toBe(0);
    expect(told() - before).toBe(40);
    expect(world.side.records.get('u7')).toMatchObject({ statusText: 'here 59' });
  });

  it('of what waits for its turn the newest is told, and nothing twice', async () => {
    for (let n = 0; n < 10; n++) world.account.say(uidOf(n), 'online', '');
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
    for (let n = 0; n < 6; n++) world.account.say(uidOf(n), 'online', '');
    start();
    await passes(SECOND);
    for (let n = 0; n < 6; n++) say(uidOf(n), 'here');
    await passes(2 * SECOND);
    expect(world.account.users.get('u5')).toMatchObject({ statusText: '' });
    world.account.say('u5', 'busy', 'there');
    await passes(20 * SECOND);
    expect(world.side.records.get('u5')).toMatchObject({ statusText: 'here' });
    await passes(2 * MINUTE);
    expect([textsHere().u5, textsThere().u5]).toEqual(['here', 'here']);
  });

  it('the end of what was said on both sides is no news, and takes nothing away that comes after it', async () => {
    world.account.say('ann', 'online', '');
    start();
    await passes(SECOND);
    const statusExpiresAt = new Date(Date.now() + 10 * SECOND);
    world.side.say('ann', {
      statusDefault: 'busy',
      statusText: 'in a call',
      statusSource: 'internal',
      statusExpiresAt,
    });
    world.mirror.changed(['ann']);
    await passes(9 * SECOND);
    expect(world.account.users.get('ann')).toMatchObject({ statusText: 'in a call' });
    // What waited behind it is said at its end, of which this is not told before Rocket.Chat is looked at again.
    await passes(SECOND + 1);
    world.side.say('ann', { statusDefault: 'away', statusText: 'out' });
    world.side.silent = true;
    await passes(6 * SECOND);
    expect(world.side.records.get('ann')).toMatchObject({ statusText: 'out' });
    world.side.silent = false;
    world.mirror.changed(['ann']);
    await passes(30 * SECOND);
    expect([textsHere().ann, textsThere().ann]).toEqual(['out', 'out']);
  });

  it('goes on where another one ended, and takes nothing back', async () => {
    world.account.say('ann', 'busy', 'one');
    world.account.say('bob', 'online', '');
    start();
    await passes(SECOND);
    say('bob', 'here');
    await passes(10 * SECOND);
    await stop();
    world.account.say('ann', 'busy', 'two');
    world.account.say('bob', 'away', 'there');
    world.side.say('cleo', { statusDefault: 'away', statusText: 'said while nobody looked' });
    start();
    await passes(20 * SECOND);
    expect(textsHere()).toMatchObject({ ann: 'two', bob: 'there' });
    expect(textsThere()).toEqual({ ann: 'two', bob: 'there', cleo: 'said while nobody looked' });
  });

  it('beside a bus puts right what that has lost, and nothing else', async () => {
    world.account.say('ann', 'busy', 'old');
    world.account.say('bob', 'online', '');
    start({ carries: false });
    await passes(SECOND);
    expect(world.side.claims).toBe(0); // what is old is not lost
    expect(world.side.connections.size).toBe(0);
    say('bob', 'here');
    world.account.say('ann', 'busy', 'new');
    await passes(10 * SECOND);
    expect(textsHere()).toMatchObject({ ann: 'new', bob: 'here' });
    expect(told()).toBe(0);
    // It came by the bus, and something newer after it, before it was looked at again.
    await passes(2 * SECOND);
    world.account.say('ann', 'busy', 'newer');
    await passes(SECOND);
    world.side.say('ann', { statusDefault: 'online', statusText: '' });
    await passes(20 * SECOND);
    expect(textsHere()).toMatchObject({ ann: '' });
  });

  it('sees within two minutes who was deleted there while online, with no call more than the limit allows', async () => {
    for (const uid of ['ann', 'bob', 'cleo']) world.account.say(uid, 'online', '');
    start();
    await passes(90 * SECOND);
    const before = world.account.calls.length;
    world.account.users.delete('bob');
    await passes(2 * MINUTE);
    expect([...world.side.connections.keys()]).toEqual(['ann', 'cleo']);
    expect(world.account.calls.length - before).toBeLessThanOrEqual(20);
  });

  it('misses no text of who is offline there, whenever it is changed', async () => {
    for (const uid of ['ann', 'bob']) world.account.say(uid, 'offline', '');
    start();
    for (let n = 0; n < 20; n++) {
      await passes(7 * SECOND);
      world.account.say('ann', 'offline', `text ${n}`);
      await passes(14 * SECOND);
      expect(textsHere().ann).toBe(`text ${n}`);
    }
  });

  it('waits with the others where one user is refused', async () => {
    world.account.say('ann', 'online', '');
    world.account.say('bob', 'online', '');
    start();
    await passes(SECOND);
    jest.spyOn(world.push, 'set').mockImplementationOnce(() => {
      throw new PresenceError('ROCKETCHAT_REFUSED', 'no');
    });
    say('ann', 'x');
    say('bob', 'y');
    await passes(30 * SECOND);
    expect(textsThere()).toEqual({ ann: '', bob: 'y' });
    expect(world.mirror.state.untold).toBe(0);
    expect(world.warnings.join()).toContain('ann');
  });
});
