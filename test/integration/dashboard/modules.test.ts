import type { Page } from 'playwright-core';
import { CAUSES } from '../../../domain/types';
import { DashboardFixture } from '../../helpers/dashboard-fixture';
import { inBrowser } from '../../helpers/suites';

const NOW_MS = Date.parse('2026-11-25T12:00:00Z');
const minutesAgo = (minutes: number) => new Date(NOW_MS - minutes * 60_000).toISOString();

/** Parts of the dashboard that compute, by themselves, in the browser they run in. */
inBrowser('dashboard, modules')('modules of the dashboard', () => {
  let fixture: DashboardFixture;
  let page: Page;

  beforeAll(async () => {
    fixture = await DashboardFixture.start();
    ({ page } = await fixture.visit());
  }, 60_000);
  afterAll(() => fixture?.stop());

  /** Evaluates an expression with a module's exports as `m` and what it is given as `given`. */
  const run = <T>(module: string, expression: string, given: unknown = null) =>
    page.evaluate<T>(
      `import('/assets/js/${module}').then((m) => { const given = ${JSON.stringify(given)}; return (${expression}); })`,
    );

  test.each([
    [0, '0 s'],
    [119_000, '119 s'],
    [120_000, '2 min'],
    [3_599_000, '59 min'],
    [3_600_000, '1 h'],
    [3_900_000, '1 h 5 min'],
    [100 * 3_600_000, '4 d 4 h'],
  ])('%i ms are %s', async (ms, text) => {
    expect(await run('format.js', 'm.span(given)', ms)).toBe(text);
  });

  test('every cause of a change is told in words', async () => {
    const words = await run<string[]>('format.js', 'given.map(m.causeInWords)', CAUSES);
    expect(words).toHaveLength(CAUSES.length);
    // One that has no words is told by its name.
    expect(words.filter((text) => (CAUSES as readonly string[]).includes(text))).toEqual([]);
  });

  test('the last day is counted back from now through its changes', async () => {
    const changes = [
      { at: minutesAgo(2), from: 'online', to: 'offline' },
      { at: minutesAgo(12), from: 'online', to: 'busy' },
      { at: minutesAgo(13), from: 'offline', to: 'online' },
      { at: minutesAgo(29), to: 'away' },
    ];
    const given = { changes, counts: { online: 3, away: 1, busy: 1, offline: 9 } };
    const [seconds, online, away, busy] = await run<number[][]>(
      'day.js',
      `m.countedBack(given.changes, given.counts, ${NOW_MS})`,
      given,
    );
    expect(seconds).toHaveLength(289);
    expect(seconds!.at(-1)).toBe(NOW_MS / 1000);
    expect(seconds![0]).toBe(NOW_MS / 1000 - 86_400);
    // Now, and 5, 10, … minutes before.
    expect(online!.slice(-8).reverse()).toEqual([3, 4, 4, 4, 4, 4, 4, 4]);
    expect(busy!.slice(-8).reverse()).toEqual([1, 1, 1, 0, 0, 0, 0, 0]);
    expect(away!.slice(-8).reverse()).toEqual([1, 1, 1, 1, 1, 1, 0, 0]);
  });

  test('the last day by the hour ends with this hour, also the second time it comes in a night', async () => {
    const { page: inNewYork } = await fixture.visit({ timezoneId: 'America/New_York' });
    const secondHalfPastOneMs = Date.parse('2026-11-01T01:30:00-05:00');
    const [asked, seconds] = await inNewYork.evaluate<[{ from: string }, number[]]>(
      `import('/assets/js/day.js').then(async ({ lastDay }) => {
        let asked;
        const hours = Array.from({ length: 24 }, (_, hour) => ({ hour, average: hour, peak: hour }));
        const get = async (path, query) => (path === 'history/count' ? { count: 30_000 } : ((asked = query), { hours }));
        const { data } = await lastDay({ get }, {}, ${secondHalfPastOneMs});
        return [asked, data[0]];
      })`,
    );
    const hourMs = Date.parse('2026-11-01T01:00:00-05:00');
    expect(seconds.at(-1)).toBe(hourMs / 1000);
    expect(asked.from).toBe(new Date(hourMs - 23 * 3_600_000).toISOString());
  });

  test('who fits best is found first', async () => {
    const people = [
      { uid: '1', name: 'Joann Lee', username: 'jlee', status: 'online' },
      { uid: '2', name: 'Zoe Annis', username: 'zoe', status: 'online' },
      { uid: '3', name: 'Ann', username: 'xx', status: 'away' },
      { uid: 'ann', username: 'qq', status: 'online' },
      { uid: '5', name: 'Bert', username: 'bert', status: 'online' },
    ];
    const uids = (words: string, status = 'all') =>
      run<string[]>('people-search.js', 'm.searched(given.people, given.asked).map(({ uid }) => uid)', {
        people,
        asked: { words, status },
      });
    expect(await uids('ann')).toEqual(['3', 'ann', '2', '1']);
    expect(await uids('ann', 'away')).toEqual(['3']);
    expect(await uids('lee jo')).toEqual(['1']);
    expect(await uids('')).toEqual(['3', '5', '1', 'ann', '2']);
  });

  describe('the store', () => {
    const view = (uid: string, status: string, rev: number) => ({
      uid,
      status,
      statusConnection: status,
      rev,
      roles: [],
    });
    const after = (script: string) =>
      run<{ counts: object; shown: string[] }>(
        'store.js',
        `(() => {
          const store = new m.Store();
          store.counted({ online: 50, away: 0, busy: 0, offline: 7 });
          ${script}
          return { counts: store.counts, shown: [...store.people.values()].map(({ uid, status }) => uid + ' ' + status) };
        })()`,
      );
    const json = JSON.stringify;
    const snapshot = (...users: object[]) => `store.snapshot({ users: ${json(users)}, more: false, first: true });`;
    const live = 'store.live = true;';

    test('shows the server’s counts until it has everybody', async () => {
      expect(await after('')).toMatchObject({ counts: { online: 50, offline: 7 } });
      expect(await after(snapshot(view('a', 'online', 1)) + live)).toEqual({
        counts: { online: 1, away: 0, busy: 0, offline: 7 },
        shown: ['a online'],
      });
    });

    test('takes who is missing in a fresh snapshot for offline, over all its pages', async () => {
      const pages = `store.snapshot({ users: ${json([view('c', 'away', 2)])}, more: true, first: true });
        store.changes({ users: ${json([view('d', 'busy', 5)])} });
        store.snapshot({ users: ${json([view('a', 'online', 1)])}, more: false });`;
      const begun = snapshot(view('a', 'online', 1), view('b', 'online', 4)) + live;
      expect(await after(begun + pages)).toEqual({
        counts: { online: 1, away: 1, busy: 1, offline: 8 },
        shown: ['a online', 'b offline', 'c away', 'd busy'],
      });
    });

    test('does not go back to what is older, unless the numbers begin anew', async () => {
      const old = `store.read(${json([view('a', 'offline', 3)])});`;
      const begun = snapshot(view('a', 'online', 4)) + live;
      expect((await after(begun + old)).shown).toEqual(['a online']);
      expect((await after(`${begun} store.forgetRevisions(); ${old}`)).shown).toEqual(['a offline']);
    });

    test('counts those who were offline and came', async () => {
      const read = `store.read(${json([view('z', 'offline', 1)])});`;
      const comes = `store.changes({ users: ${json([view('z', 'online', 2)])} });`;
      expect((await after(snapshot() + live + read + comes)).counts).toEqual({
        online: 1,
        away: 0,
        busy: 0,
        offline: 6,
      });
    });
  });
});
