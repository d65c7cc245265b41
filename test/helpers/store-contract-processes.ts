import { NOW, SECOND } from './presence-builders';
import type { StoreUnderTest } from './store-contract-queries';

/** Which process each node is, as replicas tell each other. */
export function describeStoreProcesses(underTest: () => StoreUnderTest, { isDurable }: { isDurable: boolean }): void {
  const instances = () => underTest().store.instances;
  const seen = (process: string, sinceMs = NOW, id = 'ddp-1') => ({ id, process, sinceMs, isNew: true });

  describe('the processes of nodes', () => {
    it('are noted by the rule, and told', async () => {
      expect(await instances().processes()).toEqual([]);
      expect(await instances().noteProcess(seen('A'))).toEqual({ id: 'ddp-1', process: 'A', sinceMs: NOW, former: [] });
      await instances().noteProcess(seen('A', NOW + SECOND));
      await instances().noteProcess({ ...seen('X', NOW, 'ddp-2'), isNew: false });
      const known = await instances().noteProcess(seen('B', NOW + SECOND));
      expect(known).toEqual({ id: 'ddp-1', process: 'B', sinceMs: NOW + SECOND, former: ['A'] });
      expect(await instances().noteProcess(seen('A', NOW + 2 * SECOND))).toEqual(known);
      const all = await instances().processes();
      expect(all.toSorted((a, b) => (a.id < b.id ? -1 : 1))).toEqual([
        known,
        { id: 'ddp-2', process: 'X', former: [] },
      ]);
    });

    it('noted by several replicas at once are dated by the first', async () => {
      await instances().noteProcess(seen('A'));
      const at = [30, 10, 20, 40].map((ms) => NOW + SECOND + ms);
      await Promise.all(at.map((sinceMs) => instances().noteProcess(seen('B', sinceMs))));
      expect(await instances().processes()).toEqual([
        { id: 'ddp-1', process: 'B', sinceMs: NOW + SECOND + 10, former: ['A'] },
      ]);
    });

    it('are marked while they are the ones, and not once others are', async () => {
      await instances().noteProcess(seen('A'));
      await instances().markProcess('ddp-1', 'A', { endedMs: NOW });
      await instances().markProcess('ddp-2', 'A', { endedMs: NOW });
      expect(await instances().processes()).toMatchObject([{ process: 'A', endedMs: NOW }]);
      await instances().noteProcess(seen('B'));
      await instances().markProcess('ddp-1', 'A', { endedMs: NOW });
      const [known] = await instances().processes();
      expect(known).toEqual({ id: 'ddp-1', process: 'B', sinceMs: NOW, former: ['A'] });
    });

    if (isDurable) {
      it('are known to the next process', async () => {
        await instances().noteProcess(seen('A'));
        expect(await (await underTest().afterKill()).instances.processes()).toHaveLength(1);
      });
    }
  });
}
