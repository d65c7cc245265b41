import fc from 'fast-check';
import type { Command } from '../../domain/commands';
import { shownOf } from '../../domain/presence';
import type { Outbox } from '../../lib/callbacks/outbox';
import { PresenceEngine } from '../../lib/desk/engine';
import { EmbeddedHistory } from '../../lib/store/embedded-history';
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
import { away, connect, disconnect, heartbeat } from '../helpers/presence-builders';
import { runs } from '../helpers/property-runs';

const fixture = engineFixture();
const { engineOn, stateOf, seed, told } = fixture;
const run = (...commands: Command[]) => engineOn().run(commands);
const answer = (applied: boolean, created = false) => ({ known: true, applied, created });
const unknown = { known: false, applied: false, created: false };

test('callers are answered, and subscribers told, once a change is in the outbox', async () => {
  const steps: string[] = [];
  const outbox = {
    async write() {
      steps.push('written');
      await new Promise(setImmediate);
      steps.push('durable');
    },
  } as unknown as Outbox;
  const onChanges = () => void steps.push('told');
  await new PresenceEngine({ store: fixture.store, clock: () => fixture.now, onChanges, outbox }).run([
    session('u1', connect('a')),
  ]);
  steps.push('answered');
  expect(steps).toEqual(['written', 'durable', 'told', 'answered']);
});

describe('one batch', () => {
  it('makes one change of all that is asked about a user, and answers in the order asked', async () => {
    await seed(offline('u1'), offline('u2'));
    const answers = await run(
      setActive('u1', 'busy'),
      session('u2', connect('b')),
      session('u1', connect('a')),
      session('u1', disconnect('gone')),
      session('u1', heartbeat('a')),
      rename('u1', 'One'),
    );
    expect(answers).toMatchObject([
      answer(true),
      answer(false),
      answer(false),
      answer(false),
      answer(true),
      answer(true),
    ]);
    expect(told()).toEqual(['u1: offline → busy', 'u2: offline → online']);
    expect((await stateOf('u1')).user).toMatchObject({ name: 'One', statusConnection: 'online', presenceRev: 2 });
  });

  it('tells and writes nothing when a connect is undone in it', async () => {
    await seed(offline('u1'));
    await run(session('u1', connect('a')), session('u1', disconnect('a')));
    expect(fixture.changes).toEqual([]);
    expect(await stateOf('u1')).toMatchObject({ sessions: [], user: { presenceRev: 1 } });
  });

  it('tells and writes nothing when heartbeats change nothing', async () => {
    await run(session('u1', connect('a')), setActive('u1', 'away'));
    const { user } = await stateOf('u1');
    fixture.changes = [];
    fixture.now += 1;
    expect(await run(session('u1', heartbeat('a')), recompute('u1'), setActive('u1', 'away'))).toHaveLength(3);
    expect(fixture.changes).toEqual([]);
    expect((await stateOf('u1')).user).toEqual(user);
  });

  it('writes but does not tell a change of the stash', async () => {
    await run(session('u1', connect('a')), setActive('u1', 'busy', 'internal'));
    fixture.changes = [];
    expect(await run(setActive('u1', 'away', 'external'))).toMatchObject([answer(true)]);
    expect(fixture.changes).toEqual([]);
    expect((await stateOf('u1')).user?.previousState).toEqual({ statusDefault: 'away', statusSource: 'external' });
  });

  it('is durable before it is told, told before it is answered, told at once, at one time', async () => {
    const log: string[] = [];
    const watched = fixture.storeWith({
      writePresence: async (writes) => {
        const written = await fixture.store.writePresence(writes);
        log.push('written');
        return written;
      },
    });
    const clock = jest.fn(() => fixture.now);
    const engine = new PresenceEngine({ store: watched, clock, onChanges: (all) => log.push(`told ${all.length}`) });
    await engine.run([session('u1', connect('a')), session('u2', connect('b'))]).then(() => log.push('answered'));
    expect(log).toEqual(['written', 'told 2', 'answered']);
    expect(clock).toHaveBeenCalledTimes(1);
  });

  it('tells what is written also when the look at sessions fails, and only then fails', async () => {
    let written = () => {};
    const appending = new Promise<void>((resolve) => (written = resolve));
    const broken = fixture.storeWith({
      sessionsMoved: () => Promise.reject(new Error('store is gone')),
      history: Object.assign(new EmbeddedHistory(undefined, 1), { append: () => appending }),
    });
    let failed = false;
    const running = engineOn(broken)
      .run([session('u1', connect('a'))])
      .finally(() => (failed = true));
    const outcome = expect(running).rejects.toThrow('store is gone');
    await new Promise(setImmediate);
    expect({ failed, told: told() }).toEqual({ failed: false, told: [] });
    written();
    await outcome;
    expect(told()).toEqual(['u1: undefined → online']);
  });

  it('fails as a whole when the store does, and tells nothing', async () => {
    const broken = fixture.storeWith({ writePresence: () => Promise.reject(new Error('store is gone')) });
    await expect(engineOn(broken).run([session('u1', connect('a'))])).rejects.toThrow('store is gone');
    expect(fixture.changes).toEqual([]);
  });

  it('ends in the state that its commands give one by one', async () => {
    const uid = fc.constantFrom('u1', 'u2');
    // Ids of their own for each user: a disconnect reaches over users, which the next tests prove.
    const onSession = fc.tuple(uid, fc.constantFrom('a', 'b'), fc.constantFrom(connect, heartbeat, away, disconnect));
    const command = fc.oneof(
      onSession.map(([who, id, make]) => session(who, make(`${id} of ${who}`))),
      fc
        .tuple(uid, fc.constantFrom('busy', 'offline', 'online'), fc.constantFrom('internal', 'manual', 'external'))
        .map(([who, status, source]) => setActive(who, status, source)),
      uid.map(endActive),
      uid.map((who) => claim(who, { kind: 'clearActive' })),
      uid.map(recompute),
    );
    const outcome = async (batches: Command[][]) => {
      await fixture.reset();
      await seed(offline('u1'), offline('u2'));
      const answers: unknown[] = [];
      for (const batch of batches) {
        // When the lease runs from is told of the state after the batch, which differs when it is cut.
        for (const result of await run(...batch)) answers.push({ ...result, leaseFromMs: undefined });
      }
      const states = await Promise.all(['u1', 'u2'].map(stateOf));
      return { answers, states: states.map((s) => [shownOf(s.user!), s.user!.previousState, s.sessions]) };
    };
    await fc.assert(
      fc.asyncProperty(fc.array(command, { maxLength: 12 }), async (commands) => {
        expect(await outcome([commands])).toEqual(await outcome(commands.map((one) => [one])));
      }),
      runs(60),
    );
  });
});

describe('a disconnect', () => {
  it('removes the session wherever it is stored, and decides every owner again', async () => {
    await run(session('u1', connect('x')), session('u2', connect('x')), session('u3', connect('x')));
    fixture.changes = [];
    await run(session('u1', disconnect('x')));
    expect(told().sort()).toEqual(['u1: online → offline', 'u2: online → offline', 'u3: online → offline']);
    expect((await stateOf('u3')).sessions).toEqual([]);
  });

  it('under the name of another user does not undo a later connect of the same batch', async () => {
    await run(session('u2', connect('x')));
    await run(session('u1', disconnect('x')), session('u2', connect('x')));
    expect(await stateOf('u2')).toMatchObject({ user: { status: 'online' }, sessions: [{ id: 'x' }] });
  });

  it('under the name of another user undoes an earlier connect of the same batch', async () => {
    await seed(offline('u2'));
    await run(session('u2', connect('x')), session('u1', disconnect('x')));
    expect(await stateOf('u2')).toMatchObject({ user: { status: 'offline' }, sessions: [] });
  });
});

describe('users that do not exist', () => {
  const asked = [setActive('ghost', 'busy'), rename('ghost', 'G'), recompute('ghost')];

  it('are not known where another owns users; nothing is written but their sessions', async () => {
    const writePresence = jest.fn(fixture.store.writePresence.bind(fixture.store));
    const engine = engineOn(fixture.storeWith({ createsUsers: false, writePresence }));
    expect((await engine.run([...asked, session('ghost', connect('a'))])).slice(0, 3)).toEqual([
      unknown,
      unknown,
      unknown,
    ]);
    expect(await stateOf('ghost')).toMatchObject({ user: undefined, sessions: [{ id: 'a' }] });
    expect(writePresence).not.toHaveBeenCalled();
    expect(fixture.changes).toEqual([]);
  });

  it('are not known to session calls either where another owns users', async () => {
    const engine = engineOn(fixture.storeWith({ createsUsers: false }));
    expect(await engine.run([session('ghost', connect('a'))])).toMatchObject([unknown]);
  });

  it.each([
    ['connect', session('u1', connect('a')), false],
    ['heartbeat', session('u1', heartbeat('a')), false],
    ['claim', setActive('u1', 'busy'), true],
    ['identify', rename('u1', 'One'), true],
  ])('are created by their first %s where users are our own, and the answer says so', async (_, command, applied) => {
    expect(await run(command)).toMatchObject([answer(applied, true)]);
    expect((await stateOf('u1')).user).toMatchObject({ _id: 'u1', username: 'u1', presenceRev: 1 });
    expect(await run(recompute('u1'))).toMatchObject([answer(true)]);
  });

  it.each([
    ['recompute', recompute('u1')],
    ['disconnect', session('u1', disconnect('a'))],
  ])('are not created by a %s', async (_, command) => {
    expect(await run(command)).toMatchObject([unknown]);
    expect((await stateOf('u1')).user).toBeUndefined();
  });
});
