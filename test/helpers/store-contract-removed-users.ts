import type { UserRecord } from '../../domain/types';
import type { AppliedSessions } from '../../lib/store/port';
import { connect, disconnect, NOW, userRecord, work } from './presence-builders';
import type { StoreUnderTest } from './store-contract-queries';

/** What goes with a user, and who stays. */
export function describeStoreRemovedUsers(under: () => StoreUnderTest): void {
  describe('removeUsers', () => {
    const idsOf = (users: readonly UserRecord[]) => users.map(({ _id }) => _id);
    const listed = async () => idsOf(await under().store.listUsers({}, 100));

    it('forgets who is offline without a session, and leaves the others', async () => {
      const { store } = under();
      await under().seedUsers([
        userRecord('gone', { status: 'offline' }),
        userRecord('kept', { status: 'offline' }),
        userRecord('online', { status: 'online' }),
        userRecord('other', { status: 'offline' }),
      ]);
      expect(await listed()).toEqual(['gone', 'kept', 'online', 'other']);
      const commands = [connect('a'), disconnect('a')];
      await store.applySessions([work('gone', ...commands), work('online', connect('b'))], NOW);
      await store.removeUsers(['gone', 'online', 'nobody', 'other']);
      expect(await listed()).toEqual(['kept', 'online']);
      const states = await store.applySessions([work('gone'), work('online')], NOW);
      expect(states).toMatchObject([
        { user: undefined, sessions: [], sessionsRev: 0 },
        { user: { status: 'online' }, sessions: [{ id: 'b' }] },
      ]);
      await under().seedUsers([userRecord('gone', { status: 'offline' })]);
      expect(await listed()).toEqual(['gone', 'kept', 'online']);
    });

    it('is not undone by what was decided of a user before', async () => {
      const { store } = under();
      await under().seedUsers([userRecord('gone', { status: 'offline' })]);
      const [{ user, sessionsRev }] = (await store.applySessions([work('gone')], NOW)) as [AppliedSessions];
      const after = { ...user!, status: 'busy' as const, presenceRev: user!.presenceRev + 1 };
      await store.removeUsers(['gone']);
      expect([...(await store.writePresence([{ before: user!, after, sessionsRev, existed: true }]))]).toEqual([]);
      expect(await listed()).toEqual([]);
    });
  });
}
