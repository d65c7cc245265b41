import { PresenceEngine } from '../../lib/desk/engine';
import { engineFixture, offline, recompute, session, setActive } from '../helpers/engine-fixture';
import { connect, NOW } from '../helpers/presence-builders';

const fixture = engineFixture();

/** What counts as a repair: a number that operators are alarmed by must not grow when nothing was wrong. */
describe('repairs', () => {
  let repaired: number;
  let engine: PresenceEngine;

  beforeEach(() => {
    repaired = 0;
    engine = new PresenceEngine({
      store: fixture.store,
      clock: () => fixture.now,
      onChanges: () => undefined,
      onRepairs: (users) => (repaired += users),
    });
  });

  it('are users whose stored presence did not follow from what is stored', async () => {
    await fixture.seed(offline('u1', { status: 'busy' }), offline('u2'));
    await engine.run([recompute('u1'), recompute('u2')]);
    expect(repaired).toBe(1);
  });

  it('are no logins, and no claims', async () => {
    await fixture.seed(offline('u1'));
    await engine.run([session('u1', connect('a')), setActive('u1', 'busy')]);
    expect(repaired).toBe(0);
  });

  it('are no claims whose time is over', async () => {
    await fixture.seed(offline('u1'));
    const statusExpiresAt = new Date(NOW + 1000);
    await engine.run([session('u1', connect('a')), setActive('u1', 'busy', 'manual', { statusExpiresAt })]);
    fixture.now += 2000;
    await engine.run([recompute('u1')]);
    expect((await fixture.stateOf('u1')).user).toMatchObject({ status: 'online' });
    expect(repaired).toBe(0);
  });
});
