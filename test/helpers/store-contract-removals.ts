import { TOMBSTONE_KEPT_MS } from '../../domain/removals';
import type { SessionCommand } from '../../domain/sessions';
import type { AppliedSessions } from '../../lib/store/port';
import { connect, NOW, SECOND, work } from './presence-builders';
import type { StoreUnderTest } from './store-contract-queries';

/** What a removal leaves behind for the login that it overtook. */
export function describeStoreRemovals(under: () => StoreUnderTest): void {
  describe('removals', () => {
    const one = async (at: number, uid: string, ...commands: SessionCommand[]): Promise<AppliedSessions> =>
      (await under().store.applySessions([work(uid, ...commands)], at))[0]!;
    const logout = (session: string, removal: string): SessionCommand => ({ kind: 'disconnect', session, removal });
    const sessionsOf = async (uid: string) => (await one(NOW, uid)).sessions.map(({ id }) => id);

    it('keep out the login of a session that was not there, and no other', async () => {
      expect((await one(NOW, 'u1', logout('a', 'r1'))).found).toEqual([false]);
      expect((await one(NOW + SECOND, 'u1', connect('a'))).found).toEqual([false]);
      expect(await sessionsOf('u1')).toEqual([]);
      await one(NOW + SECOND, 'u1', connect('b'));
      await one(NOW + SECOND, 'u2', connect('a'));
      expect([await sessionsOf('u1'), await sessionsOf('u2')]).toEqual([['b'], ['a']]);
    });

    it('let a login pass that had heard of them, and leave nothing then', async () => {
      await one(NOW, 'u1', logout('a', 'r1'));
      await one(NOW, 'u1', { ...connect('a'), heard: ['r1'] } as SessionCommand);
      expect(await sessionsOf('u1')).toEqual(['a']);
      await one(NOW, 'u1', { kind: 'dropInstance', instanceId: 'node1' });
      await one(NOW, 'u1', connect('a'));
      expect(await sessionsOf('u1')).toEqual(['a']);
    });

    it('keep out a heartbeat of a session that was there', async () => {
      await one(NOW, 'u1', connect('a'), connect('b'), logout('a', 'r1'));
      await one(NOW, 'u1', { kind: 'heartbeat', session: 'a', instanceId: 'node1' });
      expect(await sessionsOf('u1')).toEqual(['b']);
    });

    it('are let go of once they are over', async () => {
      await one(NOW, 'u1', logout('a', 'r1'));
      await one(NOW, 'u2', connect('b'), logout('b', 'r2'), connect('c'));
      await under().store.pruneTombstones(NOW + TOMBSTONE_KEPT_MS - 1);
      await one(NOW, 'u1', connect('a'));
      expect(await sessionsOf('u1')).toEqual([]);
      await under().store.pruneTombstones(NOW + TOMBSTONE_KEPT_MS);
      await one(NOW, 'u1', connect('a'));
      expect([await sessionsOf('u1'), await sessionsOf('u2')]).toEqual([['a'], ['c']]);
    });
  });
}
