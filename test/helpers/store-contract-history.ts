import type { HistoryFilter, HistoryRow } from '../../domain/history';
import { timeKey } from '../../domain/history';
import type { HistoryStore } from '../../lib/store/history-port';
import { MINUTE, NOW } from './presence-builders';
import type { StoreUnderTest } from './store-contract-queries';

const DAY = 24 * 60 * MINUTE;

export const historyRowOf = (uid: string, atMs: number, fields: Partial<HistoryRow> = {}): HistoryRow => ({
  _id: `${timeKey(atMs)}:${uid}:${String(fields.rev ?? 1).padStart(8, '0')}`,
  uid,
  rev: 1,
  at: new Date(atMs),
  from: 'offline',
  to: 'online',
  cause: 'connection',
  ...fields,
});

/** The part of the store contract about the history. */
export function describeStoreHistory(underTest: () => StoreUnderTest, { isDurable }: { isDurable: boolean }): void {
  describe('history', () => {
    let under: StoreUnderTest;
    let history: HistoryStore;
    const rows = [
      historyRowOf('ann', NOW),
      historyRowOf('bob', NOW),
      historyRowOf('ann', NOW + MINUTE, {
        rev: 2,
        from: 'online',
        to: 'busy',
        cause: 'claim',
        text: 'x',
        source: 'manual',
      }),
      historyRowOf('ann', NOW + DAY, { rev: 3, from: 'busy', to: 'offline', cause: 'lease' }),
      historyRowOf('bob', NOW + 3 * DAY, { rev: 2, from: 'online', to: 'offline', cause: 'node-lost' }),
    ];
    beforeEach(async () => {
      under = underTest();
      ({ history } = under.store);
      await history.append(rows, NOW);
    });
    const listed = async (filter: HistoryFilter, limit = 100, before?: string) =>
      (await history.list(filter, limit, before)).map(({ uid, rev }) => `${uid} ${rev}`);

    it('answers rows as they were, newest first', async () => {
      expect(await history.list({}, 100)).toEqual([...rows].reverse());
    });

    it('answers a page at a time, without a gap and none twice', async () => {
      const found: string[] = [];
      let before: string | undefined;
      for (;;) {
        const page = await history.list({}, 2, before);
        found.push(...page.map(({ _id }) => _id));
        if (page.length < 2) break;
        before = page.at(-1)!._id;
      }
      expect(found).toEqual(rows.map(({ _id }) => _id).reverse());
    });

    it.each<[HistoryFilter, string[]]>([
      [{ uid: 'ann' }, ['ann 3', 'ann 2', 'ann 1']],
      [{ uid: 'nobody' }, []],
      [{ fromMs: NOW + MINUTE, toMs: NOW + 3 * DAY }, ['ann 3', 'ann 2']],
      [{ toMs: NOW + 1 }, ['bob 1', 'ann 1']],
      [{ causes: ['lease', 'node-lost'] }, ['bob 2', 'ann 3']],
      [{ statuses: ['offline'], uid: 'bob' }, ['bob 2']],
      [{ statuses: ['away'] }, []],
    ])('answers those for which all holds: %p', async (filter, expected) => {
      expect(await listed(filter)).toEqual(expected);
      expect(await history.count(filter)).toBe(expected.length);
      expect(await listed(filter, 1)).toEqual(expected.slice(0, 1));
    });

    it('finds what is years apart, page by page', async () => {
      const years = [0, 1, 3, 9, 14].map((n) => historyRowOf('old', NOW - n * 366 * DAY, { rev: 20 - n }));
      await history.append([...years].reverse(), NOW);
      const [first, second] = [await history.list({ causes: ['connection'] }, 5), years[2]!];
      expect(first.map(({ uid }) => uid)).toEqual(['old', 'bob', 'ann', 'old', 'old']);
      expect(await history.list({}, 9, second._id)).toEqual(years.slice(3));
      expect(await history.list({ fromMs: NOW - 2000 * DAY }, 9, second._id)).toEqual([]);
    });

    it('takes the earlier of a page and the end of the time asked for', async () => {
      expect(await listed({ toMs: NOW + MINUTE + 1 }, 100, rows[4]!._id)).toEqual(['ann 2', 'bob 1', 'ann 1']);
      expect(await listed({ toMs: NOW + 9 * DAY }, 100, rows[2]!._id)).toEqual(['bob 1', 'ann 1']);
    });

    it('keeps a row once, however often it is written, in its place whenever it comes', async () => {
      await history.append([rows[1]!, historyRowOf('cleo', NOW + 2 * MINUTE), rows[4]!], NOW);
      expect(await listed({})).toEqual(['bob 2', 'ann 3', 'cleo 1', 'ann 2', 'bob 1', 'ann 1']);
      await history.append([], NOW);
      expect(await history.count({})).toBe(6);
    });

    it('removes all of one user and nothing of another', async () => {
      expect(await history.erase('ann')).toBe(3);
      expect(await listed({})).toEqual(['bob 2', 'bob 1']);
      expect(await history.erase('ann')).toBe(0);
      await history.append([historyRowOf('ann', NOW + DAY, { rev: 9 })], NOW);
      expect(await listed({ uid: 'ann' })).toEqual(['ann 9']);
    });

    if (isDurable) {
      it('is there after a kill, without what was erased', async () => {
        await history.erase('bob');
        const next = await under.afterKill();
        expect(await next.history.list({}, 100)).toEqual([rows[3], rows[2], rows[0]]);
      });
    }
  });
}
