import fc from 'fast-check';
import type { Command } from '../../domain/commands';
import { decide, shownOf } from '../../domain/presence';
import type { SessionCommand } from '../../domain/sessions';
import {
  claim,
  endActive,
  engineFixture,
  offline,
  recompute,
  rename,
  session,
  setActive,
} from '../helpers/engine-fixture';
import { away, connect, disconnect, heartbeat, NOW, work } from '../helpers/presence-builders';
import { runs } from '../helpers/property-runs';

fc.configureGlobal(runs(100));

const fixture = engineFixture();
const { engineOn, stateOf, seed, told } = fixture;

/** Another replica carries out a whole batch. */
const otherRuns =
  (...commands: Command[]) =>
  () =>
    engineOn().run(commands);
/** Another replica has written a session and not yet the presence that follows. */
const otherWritesSession = (uid: string, command: SessionCommand) => () =>
  fixture.store.applySessions([work(uid, command)], fixture.now);

/** Each change starts where the one before it ended: a listener never misses a step. */
function expectUnbrokenChain(uid: string): void {
  const chain = fixture.changes.filter(({ after }) => after._id === uid);
  for (const [i, { before }] of chain.slice(1).entries()) expect(shownOf(before)).toEqual(shownOf(chain[i]!.after));
}

/** Whoever decides again finds nothing to change. */
async function expectSettled(uid: string): Promise<void> {
  const { user, sessions } = await stateOf(uid);
  expect(decide(user!, sessions, [], undefined, fixture.now).after).toBe(user);
}

describe('a race with another replica', () => {
  // Ended once, the stash comes back; ended twice, nothing is left.
  const stacked = offline('u1', {
    statusDefault: 'busy',
    statusSource: 'internal',
    previousState: { statusDefault: 'away', statusSource: 'manual' },
  });

  it.each([
    ['lost to a write of presence', [otherRuns(session('u1', connect('b')))]],
    ['in which sessions moved', [otherWritesSession('u1', connect('b'))]],
    [
      'lost, then with moved sessions, then lost again',
      [
        otherRuns(rename('u1', 'One')),
        otherWritesSession('u1', connect('b')),
        otherRuns(rename('u1', 'Uno')),
        otherWritesSession('u1', connect('c')),
      ],
    ],
  ])('%s applies a claim exactly once and breaks no chain of events', async (_, steps) => {
    await seed(stacked);
    const answers = await engineOn(fixture.storeWithRaces((n) => steps[n]?.())).run([
      session('u1', connect('a')),
      endActive('u1'),
    ]);
    expect(answers).toMatchObject([{ applied: false }, { applied: true }]);
    const { user, sessions } = await stateOf('u1');
    expect(user).toMatchObject({ status: 'away', statusConnection: 'online', statusDefault: 'away' });
    expect(user?.previousState).toBeUndefined();
    expect(sessions.length).toBeGreaterThan(1);
    expectUnbrokenChain('u1');
    await expectSettled('u1');
  });

  it('decides again when sessions moved after they were read', async () => {
    await seed(offline('u1'));
    const leave = otherWritesSession('u1', disconnect('a'));
    await engineOn(fixture.storeWithRaces((n) => (n === 0 ? leave() : undefined))).run([session('u1', connect('a'))]);
    expect((await stateOf('u1')).user).toMatchObject({ status: 'offline', statusConnection: 'offline' });
    expect(told()).toEqual(['u1: offline → online', 'u1: online → offline']);
  });

  it('to create a user is won by one of the two', async () => {
    const engine = engineOn(
      fixture.storeWithRaces((n) => (n === 0 ? otherRuns(setActive('u1', 'away'))() : undefined)),
    );
    expect(await engine.run([setActive('u1', 'busy')])).toEqual([{ known: true, applied: true, created: false }]);
    expect((await stateOf('u1')).user).toMatchObject({ statusDefault: 'busy', presenceRev: 2 });
    expectUnbrokenChain('u1');
  });

  it('ends, however it goes, in the presence of the last sessions and in an unbroken chain', async () => {
    const command = fc.oneof(
      fc
        .tuple(fc.constantFrom(connect, heartbeat, away, disconnect), fc.constantFrom('a', 'b'))
        .map(([make, id]) => session('u1', make(id))),
      fc.constantFrom('busy' as const, 'offline' as const).map((status) => setActive('u1', status)),
      fc.constantFrom(endActive('u1'), recompute('u1')),
    );
    const batch = fc.array(command, { minLength: 1, maxLength: 4 });
    const step = fc.record({ commands: batch, halfDone: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(batch, fc.array(step, { maxLength: 4 }), async (mine, theirs) => {
        await fixture.reset();
        await seed(offline('u1'));
        const steps = theirs.map(({ commands, halfDone }) => async () => {
          if (!halfDone) return otherRuns(...commands)();
          const sessions = commands.flatMap((one) => (one.kind === 'session' ? [one.session] : []));
          return fixture.store.applySessions([work('u1', ...sessions)], fixture.now);
        });
        const answers = await engineOn(fixture.storeWithRaces((n) => steps[n]?.())).run(mine);
        expect(answers.filter((answer) => answer instanceof Error)).toEqual([]);
        expectUnbrokenChain('u1');
        await expectSettled('u1');
      }),
    );
  });
});

describe('a race without end', () => {
  const conflict = { type: 'CONFLICT', retryable: true };

  it('gives CONFLICT to the callers of that user only', async () => {
    await seed(offline('unlucky'), offline('lucky'));
    const engine = engineOn(fixture.storeWithRaces((n) => otherRuns(rename('unlucky', `name ${n}`))()));
    const answers = await engine.run([
      session('unlucky', connect('a')),
      session('lucky', connect('b')),
      setActive('unlucky', 'busy'),
      setActive('lucky', 'busy'),
      recompute('unlucky'),
    ]);
    expect(answers).toMatchObject([conflict, { applied: false }, conflict, { applied: true }, conflict]);
    expect((await stateOf('lucky')).user).toMatchObject({ status: 'busy' });
    expect((await stateOf('unlucky')).user?.statusDefault).toBeUndefined();
    expectUnbrokenChain('unlucky');
  });

  it('of sessions takes back no answer about a claim that is written', async () => {
    await seed(offline('u1'));
    await fixture.store.applySessions([work('u1', connect('b'))], NOW);
    const flip = (n: number) => otherWritesSession('u1', n % 2 ? connect('b') : away('b'))();
    const answers = await engineOn(fixture.storeWithRaces(flip)).run([
      session('u1', heartbeat('b')),
      setActive('u1', 'busy'),
    ]);
    expect(answers).toMatchObject([conflict, { known: true, applied: true }]);
    expect((await stateOf('u1')).user).toMatchObject({ status: 'busy' });
  });
});

describe('a claim whose time is over', () => {
  it.each([
    ['heartbeat', session('u1', heartbeat('a'))],
    ['connect', session('u1', connect('b'))],
    ['recompute', recompute('u1')],
    ['new name', rename('u1', 'One')],
    ['request that is refused', claim('u1', { kind: 'endActive', statusId: 'of no claim' })],
  ])('is settled by a %s', async (_, command) => {
    await engineOn().run([
      session('u1', connect('a')),
      setActive('u1', 'busy', 'internal', { statusExpiresAt: new Date(NOW + 10) }),
    ]);
    fixture.changes = [];
    fixture.now = NOW + 10;
    await engineOn().run([recompute('u1')]);
    expect(told()).toEqual([]);
    fixture.now = NOW + 11;
    await engineOn().run([command]);
    expect((await stateOf('u1')).user?.statusSource).not.toBe('internal');
    expect(told()).toHaveLength(1);
  });
});
