import path from 'node:path';
import { LOST_KEPT_MS } from '../../../domain/lost-sessions';
import type { Schedule } from '../../../domain/schedule';
import { EmbeddedLedger } from '../../../lib/store/embedded-ledger';
import type { EmbeddedStore } from '../../../lib/store/embedded-store';
import { callback, delivery } from '../../helpers/callback-builders';
import { embeddedFolders } from '../../helpers/embedded-folders';
import { connect, disconnect, MINUTE, NOW, userRecord, work } from '../../helpers/presence-builders';
import { historyRowOf } from '../../helpers/store-contract-history';

const { newFolder, openIn, openAfterKill } = embeddedFolders();

/** What is in the files is written after a while, in which others call. */
describe('calls at once, on files', () => {
  let folder: string;
  let store: EmbeddedStore;
  beforeEach(async () => {
    folder = await newFolder();
    store = await openIn(folder);
  });

  describe('on sessions', () => {
    const lose = { kind: 'dropInstance', instanceId: 'node1', process: 'A' } as const;
    const OVER = NOW + MINUTE + LOST_KEPT_MS;
    const loseNode = async () => {
      await store.applySessions([work('ann', connect('a'))], NOW);
      await store.applySessions([work('ann', lose)], NOW + MINUTE);
    };
    const stored = async (of: EmbeddedStore) => (await of.applySessions([work('ann')], OVER))[0]!;

    it.each(['a login first', 'letting go of lost sessions first'])('keep what was answered, %s', async (order) => {
      await loseNode();
      const login = () => store.applySessions([work('ann', connect('b', 'node2'))], OVER);
      const prune = () => store.pruneTombstones(OVER);
      const both = order.startsWith('a login') ? [login(), prune()] : [prune(), login()];
      const answered = (await Promise.all(both)).find((answer) => answer !== undefined)![0]!;
      expect(answered).toMatchObject({ sessionsRev: 3, sessions: [{ id: 'b' }] });
      const { sessions, sessionsRev } = answered;
      expect(await stored(store)).toMatchObject({ sessions, sessionsRev });
      expect(await stored(await openAfterKill(folder))).toMatchObject({ sessions, sessionsRev });
      expect(await store.connections(OVER)).toMatchObject({ current: 1 });
      expect(await store.ownersOfSessions(['b'])).toMatchObject({ owners: new Map([['b', ['ann']]]) });
    });

    it('leave whoever comes while they are removed', async () => {
      await store.applySessions([work('ann', connect('a'), disconnect('a'))], NOW);
      const login = store.applySessions([work('ann', connect('b'))], OVER);
      await store.removeUsers(['ann']);
      expect((await login)[0]!.sessions).toMatchObject([{ id: 'b' }]);
      expect(await stored(store)).toMatchObject({ sessions: [{ id: 'b' }] });
    });
  });

  it('write what is shown of a user on one of them only, where both have seen the same', async () => {
    const before = userRecord('ann');
    const write = (status: 'busy' | 'away') =>
      store.writePresence([{ before, after: { ...before, status, presenceRev: 1 }, sessionsRev: 0 }]);
    const written = await Promise.all([write('busy'), write('away')]);
    expect(written.map(({ size }) => size)).toEqual([1, 0]);
    expect((await store.usersOf(['ann'])).get('ann')).toMatchObject({ status: 'busy' });
  });

  it('leave the peak in the file that was set last', async () => {
    const file = path.join(folder, 'peak.db');
    const [ledger, afterKill] = [new EmbeddedLedger(file), new EmbeddedLedger(file)];
    await ledger.open();
    await ledger.connections(2, NOW);
    await Promise.all([ledger.connections(4, NOW), ledger.resetPeak(2, NOW)]);
    await afterKill.open();
    expect(await afterKill.connections(0, NOW)).toEqual({ current: 0, peak: 2 });
    for (const one of [ledger, afterKill]) await one.close();
  });

  describe('on callbacks', () => {
    const before = callback('c1');
    const paused = { ...before, rev: 2, paused: 'asked' } as const;
    const rotated = { ...before, rev: 2, secret: 'whsec_new' };
    beforeEach(() => store.callbacks.add(before));

    it('replace one once, where both have seen the same', async () => {
      const { callbacks } = store;
      expect(await Promise.all([callbacks.replace(before, rotated), callbacks.replace(before, paused)])).toEqual([
        true,
        false,
      ]);
      expect(await callbacks.all()).toEqual([rotated]);
    });

    it('leave nothing of one that was removed', async () => {
      const { callbacks } = store;
      const removed = await Promise.all([
        callbacks.replace(before, paused),
        ...[callbacks.remove('c1'), callbacks.remove('c1'), callbacks.replace(before, rotated)],
      ]);
      expect(removed).toEqual([true, true, false, false]);
      expect(await callbacks.all()).toEqual([]);
      expect(await (await openAfterKill(folder)).callbacks.all()).toEqual([]);
    });

    it('leave a delivery gone that was made, or was for one that was removed', async () => {
      const { callbacks } = store;
      const [made, failed] = [delivery('m1'), delivery('m2')];
      await callbacks.put([made, failed]);
      const settled = callbacks.settle([{ before: made, after: undefined }]);
      expect(await callbacks.retry('c1', 'm1', NOW)).toBe(false);
      await settled;
      expect(await callbacks.page('c1', { limit: 9 })).toEqual([failed]);
      await Promise.all([
        callbacks.remove('c1'),
        callbacks.settle([{ before: failed, after: { ...failed, attempts: 1 } }]),
      ]);
      expect(await callbacks.page('c1', { limit: 9 })).toEqual([]);
    });
  });

  it('leave a schedule cancelled that is settled meanwhile, and say so', async () => {
    const { schedules } = store;
    const [startsAt, claim] = [new Date(NOW), { statusDefault: 'busy', statusSource: 'internal' } as const];
    const given = { uid: 'ann', claim, startsAt, timeZone: 'UTC', createdAt: startsAt, dueAt: startsAt };
    const [weekly, other]: Schedule[] = [
      { ...given, _id: 'weekly' },
      { ...given, _id: 'other' },
    ];
    for (const one of [weekly!, other!]) await schedules.add(one);
    const cancelled = schedules.remove('ann', 'weekly');
    const settled = [weekly!, other!].map((one) => ({ before: one, after: { ...one, dueAt: new Date(NOW + 1) } }));
    expect(await schedules.settle(settled)).toEqual(new Set(['weekly']));
    expect(await Promise.all([cancelled, schedules.remove('ann', 'weekly')])).toEqual([true, false]);
    expect((await schedules.of('ann')).map(({ _id }) => _id)).toEqual(['other']);
  });

  it('append a change to the history once', async () => {
    const rows = [historyRowOf('ann', NOW)];
    await Promise.all([store.history.append(rows, NOW), store.history.append(rows, NOW)]);
    expect(await store.history.count({})).toBe(1);
  });

  it('are all written when the store is closed behind them', async () => {
    const login = store.applySessions([work('ann', connect('a'))], NOW);
    const gone = store.removeUsers(['nobody']);
    await store.close();
    await Promise.all([login, gone]);
    expect((await (await openIn(folder)).applySessions([work('ann')], NOW))[0]!.sessions).toHaveLength(1);
  });
});
