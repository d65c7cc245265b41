import { mirrorFixture, MINUTE, SECOND } from '../../helpers/mirror-fixture';

jest.mock(
  'node:timers/promises',
  () => jest.requireActual<{ promisedTimers: object }>('../../helpers/promised-timers').promisedTimers,
);

const OTHERS = ['u0', 'u1', 'u2', 'u3', 'u4'];

/** Something is said while something else is on its way. */
describe('a mirror', () => {
  const world = mirrorFixture();
  const { start, stop, passes, say, textsHere, textsThere, told } = world;

  /** So many others have used up what Rocket.Chat takes in this minute. */
  async function startBeside(others: number): Promise<void> {
    for (const uid of [...OTHERS, 'ann']) world.account.say(uid, 'online', '');
    start();
    await passes(SECOND);
    for (const uid of OTHERS.slice(0, others)) say(uid, 'x');
    await passes(SECOND);
  }

  it('takes over what was said there without saying the opposite meanwhile, however long that takes', async () => {
    world.side.claimsTakeMs = 2 * SECOND;
    start();
    for (const status of ['busy', 'online']) {
      world.account.say('ann', status, '');
      for (let looks = 0; looks < 90; looks++) await passes(SECOND / 10).then(() => world.mirror.changed(['ann']));
    }
    expect([told(), world.side.claims, world.side.records.get('ann')?.statusDefault]).toEqual([0, 2, 'online']);
  });

  it('tells nothing that was taken back before its turn came', async () => {
    await startBeside(5);
    say('ann', 'in a call');
    await passes(2 * SECOND);
    say('ann', '');
    await passes(10 * MINUTE);
    expect([textsHere().ann, textsThere().ann]).toEqual(['', '']);
  });

  it('tells nothing that was taken back while it was under way', async () => {
    await startBeside(4);
    world.account.setsTakeMs = 300;
    say('ann', 'in a call');
    await passes(SECOND / 5);
    say('ann', '');
    await passes(10 * MINUTE);
    expect([textsHere().ann, textsThere().ann]).toEqual(['', '']);
  });

  it('never goes back to what was said before while something newer waits for its turn', async () => {
    await startBeside(4);
    world.account.setsTakeMs = 300;
    say('ann', 'first');
    await passes(SECOND / 5);
    say('ann', 'second');
    const seen = new Set<unknown>();
    for (let looks = 0; looks < 900; looks++) {
      await passes(SECOND / 10);
      seen.add(textsHere().ann);
    }
    expect([[...seen], textsThere().ann]).toEqual([['second'], 'second']);
  });

  it('goes on with what waited when it was stopped', async () => {
    await startBeside(4);
    world.account.setsTakeMs = 300;
    await passes(2 * SECOND);
    say('ann', 'first');
    await passes(SECOND / 5);
    say('ann', 'second');
    await passes(SECOND);
    await stop();
    start();
    await passes(10 * MINUTE);
    expect([textsHere().ann, textsThere().ann]).toEqual(['second', 'second']);
  });

  it('claims nothing older than what was said here in the moment before', async () => {
    world.account.say('ann', 'online', '');
    start();
    await passes(SECOND);
    const { setConnection } = world.side;
    world.side.setConnection = async (uid, status) => {
      await setConnection.call(world.side, uid, status);
      say(uid, 'newer, here');
    };
    world.account.say('ann', 'away', 'older, there');
    await passes(MINUTE);
    expect([textsHere().ann, textsThere().ann]).toEqual(['newer, here', 'newer, here']);
  });

  it('follows everybody else where what is shown of one user makes no sense', async () => {
    world.account.say('ann', 'busy', 42 as unknown as string);
    world.account.say('bob', 'busy', 'there');
    start();
    await passes(MINUTE);
    expect(textsHere()).toEqual({ ann: '', bob: 'there' });
    say('bob', 'here');
    await passes(MINUTE);
    expect(textsThere().bob).toBe('here');
  });
});
