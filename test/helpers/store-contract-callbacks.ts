import { PARKED_KEPT_MS, type OutboxRow } from '../../domain/callbacks';
import { ORPHANS_KEPT_MS, type CallbackStore } from '../../lib/store/callback-port';
import { callback, delivery } from './callback-builders';
import { MINUTE, NOW, SECOND } from './presence-builders';
import type { StoreUnderTest } from './store-contract-queries';

const at = (ms: number) => new Date(NOW + ms);
const idsOf = (found: readonly { readonly _id: string }[]) => found.map(({ _id }) => _id);
const parked = (id: string, fields: Partial<OutboxRow> = {}) =>
  delivery(id, { state: 'parked', parkedAt: at(0), firstAttemptAt: at(0), attempts: 3, lastError: 'E', ...fields });

/** The part of the store contract about callbacks and their outbox. */
export function describeStoreCallbacks(underTest: () => StoreUnderTest, { isDurable }: { isDurable: boolean }): void {
  let under: StoreUnderTest;
  let store: CallbackStore;
  beforeEach(() => {
    under = underTest();
    store = under.store.callbacks;
  });

  describe('callbacks', () => {
    const first = callback('c1', { name: 'mine', uids: ['ann'], statuses: ['busy'] });
    const second = callback('c0', { createdAt: at(1), oldSecrets: [{ secret: 'old', until: at(MINUTE) }] });
    beforeEach(async () => {
      for (const one of [second, first]) await store.add(one);
    });

    it('are there as they were given, the oldest first', async () => {
      expect(await store.all()).toEqual([first, second]);
      expect(await store.find('c0')).toEqual(second);
      expect(await store.find('nobody')).toBeUndefined();
    });

    it('are replaced by whoever has seen how they are, and by nobody else', async () => {
      const paused = callback('c1', { uids: ['ann'], statuses: ['busy'], rev: 2, paused: 'gone' });
      expect(await store.replace(first, paused)).toBe(true);
      expect(await store.replace(first, { ...first, rev: 2, url: 'https://other.example' })).toBe(false);
      expect(await store.replace(callback('nobody'), callback('nobody'))).toBe(false);
      expect(await store.all()).toEqual([paused, second]);
      expect(await store.find('c1')).not.toHaveProperty('name');
    });

    it('are removed once, with what is on its way to them', async () => {
      await store.put([delivery('m1'), delivery('m2', { callback: 'c0' })]);
      expect(await store.remove('c1')).toBe(true);
      expect(await store.remove('c1')).toBe(false);
      expect(await store.all()).toEqual([second]);
      expect(idsOf(await store.due(['c1', 'c0'], NOW, 10))).toEqual(['m2']);
    });
  });

  describe('deliveries', () => {
    it('are put in once, however often that is repeated', async () => {
      await store.put([delivery('m1'), delivery('m2', { attempts: 1 })]);
      await store.settle([{ before: delivery('m1'), after: delivery('m1', { attempts: 1, dueAt: at(SECOND) }) }]);
      await store.put([delivery('m1'), delivery('m3')]);
      expect(idsOf(await store.page('c1', { limit: 10 }))).toEqual(['m1', 'm2', 'm3']);
      expect(idsOf(await store.due(['c1'], NOW, 10))).toEqual(['m2', 'm3']);
      await store.put([]);
    });

    it('are due in their order, of the callbacks asked for, and no more than asked for', async () => {
      const waiting = [5, 3, 4, 1, 2].map((i) => delivery(`m${i}`, { dueAt: at(-i) }));
      const others = [parked('p'), delivery('later', { dueAt: at(1) }), delivery('other', { callback: 'c2' })];
      await store.put([...waiting, ...others]);
      expect(await store.due(['c1'], NOW, 10)).toEqual(
        [5, 4, 3, 2, 1].map((i) => delivery(`m${i}`, { dueAt: at(-i) })),
      );
      for (const limit of [1, 2, 3]) {
        expect(idsOf(await store.due(['c1'], NOW, limit))).toEqual(['m5', 'm4', 'm3'].slice(0, limit));
      }
      expect(idsOf(await store.due(['c2', 'c1'], NOW - 5, 10))).toEqual(['m5']);
      expect(idsOf(await store.due(['c1', 'c2'], NOW + 1, 10))).toEqual([
        'm5',
        'm4',
        'm3',
        'm2',
        'm1',
        'other',
        'later',
      ]);
      expect(await store.due([], NOW, 10)).toEqual([]);
    });

    it('go when they are delivered, wait when they failed, and are parked', async () => {
      const [one, two, three] = [delivery('m1'), delivery('m2'), delivery('m3')] as const;
      await store.put([one, two, three]);
      const failed = { ...two, attempts: 1, firstAttemptAt: at(0), dueAt: at(MINUTE), lastError: 'HTTP 500' };
      await store.settle([
        { before: one, after: undefined },
        { before: two, after: failed },
        { before: three, after: parked('m3') },
      ]);
      expect(await store.page('c1', { limit: 10 })).toEqual([failed, parked('m3')]);
      expect(await store.due(['c1'], NOW + MINUTE, 10)).toEqual([failed]);
      await store.settle([{ before: failed, after: undefined }]);
      await store.settle([{ before: failed, after: undefined }]);
      await store.settle([]);
      expect(idsOf(await store.page('c1', { limit: 10 }))).toEqual(['m3']);
    });

    it('that were settled otherwise meanwhile, or are gone, stay so', async () => {
      const one = delivery('m1');
      await store.put([one]);
      const failed = { ...one, attempts: 1, firstAttemptAt: at(0), dueAt: at(MINUTE) };
      await store.settle([{ before: one, after: failed }]);
      await store.settle([{ before: one, after: { ...failed, dueAt: at(SECOND) } }]);
      const gone = delivery('gone');
      await store.settle([{ before: gone, after: { ...gone, attempts: 1 } }]);
      expect(await store.page('c1', { limit: 10 })).toEqual([failed]);
    });

    it('are shown a page at a time, by their state', async () => {
      await store.put([delivery('m3'), delivery('m1'), parked('m2'), delivery('m0', { callback: 'c2' })]);
      expect(idsOf(await store.page('c1', { limit: 2 }))).toEqual(['m1', 'm2']);
      expect(idsOf(await store.page('c1', { limit: 2, after: 'm2' }))).toEqual(['m3']);
      expect(idsOf(await store.page('c1', { limit: 9, state: 'parked' }))).toEqual(['m2']);
      expect(idsOf(await store.page('c1', { limit: 9, state: 'waiting', after: 'm1' }))).toEqual(['m3']);
      expect(await store.page('nobody', { limit: 9 })).toEqual([]);
    });

    it('are due again when somebody asks for that, as if they had never been tried', async () => {
      await store.put([parked('m1'), delivery('m2', { dueAt: at(MINUTE), attempts: 2, firstAttemptAt: at(0) })]);
      expect(await store.retry('c1', 'm1', NOW)).toBe(true);
      expect(await store.retry('c1', 'm2', NOW)).toBe(true);
      expect(await store.retry('c2', 'm1', NOW)).toBe(false);
      expect(await store.retry('c1', 'nothing', NOW)).toBe(false);
      expect(await store.due(['c1'], NOW, 9)).toEqual([delivery('m1', { lastError: 'E' }), delivery('m2')]);
    });

    it('are counted', async () => {
      await store.put([delivery('m1'), delivery('m2'), parked('m3'), parked('m4', { callback: 'c2' })]);
      const expected = { c1: { waiting: 2, parked: 1 }, c2: { waiting: 0, parked: 1 } };
      expect(Object.fromEntries(await store.counts())).toEqual(expected);
    });

    it('are let go of when they were parked for long, are for nobody, or are too many', async () => {
      for (const id of ['c1', 'c2']) await store.add(callback(id));
      const long = { parkedAt: new Date(NOW - PARKED_KEPT_MS) };
      const { change } = delivery('x');
      const orphan = { callback: 'gone', change: { ...change, at: new Date(NOW - ORPHANS_KEPT_MS) } };
      await store.put([parked('long', long), parked('short'), delivery('orphan', orphan)]);
      await store.put([delivery('young orphan', { callback: 'gone' })]);
      await store.put([3, 1, 2, 4].map((i) => delivery(`m${i}`, { callback: 'c2' })));
      expect(await store.tidy(NOW, 2)).toBe(2);
      const left = await Promise.all(['c1', 'c2', 'gone'].map((id) => store.page(id, { limit: 9 })));
      expect(left.map(idsOf)).toEqual([['short'], ['m3', 'm4'], ['young orphan']]);
      expect(await store.tidy(NOW, 2)).toBe(0);
    });

    if (isDurable) {
      it('are still there after a kill', async () => {
        await store.add(callback('c1'));
        await store.put([delivery('m1'), delivery('m2'), parked('m3')]);
        await store.settle([{ before: delivery('m1'), after: undefined }]);
        const again = (await under.afterKill()).callbacks;
        expect(await again.all()).toEqual([callback('c1')]);
        expect(await again.page('c1', { limit: 9 })).toEqual([delivery('m2'), parked('m3')]);
        expect(await again.due(['c1'], NOW, 9)).toEqual([delivery('m2')]);
      });
    }
  });
}
