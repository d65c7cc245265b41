import { LOST_KEPT_MS } from '../../domain/lost-sessions';
import type { SessionCommand } from '../../domain/sessions';
import { away, connect, disconnect, MINUTE, NOW, session, work } from './presence-builders';
import type { StoreUnderTest } from './store-contract-queries';

/** Sessions that are kept for the return of their node. */
export function describeStoreLost(underTest: () => StoreUnderTest, { isDurable }: { isDurable: boolean }): void {
  const apply = async (atMs: number, uid: string, ...commands: SessionCommand[]) =>
    (await underTest().store.applySessions([work(uid, ...commands)], NOW + atMs))[0]!;
  const lose = { kind: 'dropInstance', instanceId: 'node1', process: 'A', beforeMs: NOW + MINUTE } as const;
  const restore = { kind: 'restoreInstance', instanceId: 'node1', process: 'A' } as const;
  const owners = async (process = 'A') => (await underTest().store.instances.ownersOfLost('node1', process)).sort();

  describe('lost sessions', () => {
    beforeEach(async () => {
      await apply(0, 'one', connect('a'), away('a'), connect('b', 'node2'));
      await apply(0, 'two', connect('c'), connect('d'));
    });

    it('are restored as they were, save those that have logged out', async () => {
      const { store } = underTest();
      const lost = await store.applySessions(
        ['one', 'two'].map((uid) => work(uid, lose)),
        NOW + MINUTE,
      );
      expect(lost.map(({ found, sessions }) => [found, sessions.map(({ id }) => id)])).toEqual([
        [[true], ['b']],
        [[true], []],
      ]);
      expect(await owners()).toEqual(['one', 'two']);
      expect(await owners('B')).toEqual([]);
      expect((await apply(2 * MINUTE, 'two', disconnect('d'))).sessions).toEqual([]);

      const at = new Date(NOW + 3 * MINUTE);
      const { sessions, found, changed } = await apply(3 * MINUTE, 'one', restore);
      expect([found, changed]).toEqual([[true], true]);
      expect(sessions).toEqual([
        session('b', { instanceId: 'node2' }),
        session('a', { status: 'away', _updatedAt: at }),
      ]);
      expect((await apply(3 * MINUTE, 'two', restore)).sessions).toEqual([session('c', { _updatedAt: at })]);
      expect(await owners()).toEqual([]);
      expect((await apply(3 * MINUTE, 'one', restore)).found).toEqual([false]);
    });

    it('are kept also where the loss comes with other commands', async () => {
      await apply(MINUTE, 'two', lose, connect('e'));
      expect((await apply(MINUTE, 'two', restore)).sessions.map(({ id }) => id)).toEqual(['e', 'c', 'd']);
    });

    it('are let go of once they are over', async () => {
      await apply(MINUTE, 'one', lose);
      await underTest().store.pruneTombstones(NOW + MINUTE + LOST_KEPT_MS - 1);
      expect(await owners()).toEqual(['one']);
      await underTest().store.pruneTombstones(NOW + MINUTE + LOST_KEPT_MS);
      expect(await owners()).toEqual([]);
      expect((await apply(3 * MINUTE, 'one')).sessions).toEqual([session('b', { instanceId: 'node2' })]);
    });

    if (isDurable) {
      it('are restored by the next process', async () => {
        await apply(MINUTE, 'one', lose);
        const again = await underTest().afterKill();
        const [{ sessions } = { sessions: [] }] = await again.applySessions([work('one', restore)], NOW + MINUTE);
        expect(sessions.map(({ id }) => id)).toEqual(['b', 'a']);
      });
    }
  });
}
