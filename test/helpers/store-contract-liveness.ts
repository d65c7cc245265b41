import type { UserRecord } from '../../domain/types';
import type { PresenceStore } from '../../lib/store/port';
import { eventually } from './eventually';
import { connect, disconnect, heartbeat, MINUTE, NOW, REFRESH_AFTER_MS, userRecord, work } from './presence-builders';
import type { StoreUnderTest } from './store-contract-queries';

/** The part of the store contract that liveness needs: whose leases are old, what is stored of whom, who does a job. */
export function describeStoreLiveness(underTest: () => StoreUnderTest, { isDurable }: { isDurable: boolean }): void {
  let under: StoreUnderTest;
  let store: PresenceStore;
  beforeEach(() => {
    under = underTest();
    store = under.store;
  });

  describe('ownersOfStale', () => {
    const LATER = NOW + REFRESH_AFTER_MS;
    const ALL = new Set(['node1', 'node2']);
    const stale = async (beforeMs: number, instances: ReadonlySet<string>, limit = 100) =>
      (await store.ownersOfStale(beforeMs, instances, limit)).sort();

    beforeEach(async () => {
      const works = [
        work('one', connect('a', 'node1')),
        work('two', connect('b', 'node2')),
        work('both', connect('c', 'node1'), connect('d', 'node2')),
        work('left', connect('e', 'node1'), disconnect('e')),
      ];
      await store.applySessions(works, NOW);
      await store.applySessions([work('both', heartbeat('c')), work('young', connect('f', 'node1'))], LATER);
    });

    it('finds users with a lease written at that time or before', async () => {
      expect(await stale(NOW - 1, ALL)).toEqual([]);
      expect(await stale(NOW, ALL)).toEqual(['both', 'one', 'two']);
      expect(await stale(LATER - 1, ALL)).toEqual(['both', 'one', 'two']);
      expect(await stale(LATER, ALL)).toEqual(['both', 'one', 'two', 'young']);
    });

    it('finds them only by sessions of these instances: time and instance are those of one session', async () => {
      expect(await stale(NOW, new Set(['node1']))).toEqual(['one']);
      expect(await stale(NOW, new Set(['node2']))).toEqual(['both', 'two']);
      expect(await stale(LATER, new Set(['node9']))).toEqual([]);
      expect(await stale(LATER, new Set())).toEqual([]);
    });

    it('answers no more of them than asked for', async () => {
      for (const limit of [0, 1, 2, 3, 4]) expect(await stale(NOW, ALL, limit)).toHaveLength(Math.min(limit, 3));
    });
  });

  it('tells of every instance how many sessions it has, and when the youngest of their leases was written', async () => {
    const stored = async () =>
      (await store.storedInstances()).toSorted((a, b) => (a.instanceId < b.instanceId ? -1 : 1));
    expect(await stored()).toEqual([]);
    const LATER = NOW + REFRESH_AFTER_MS;
    await store.applySessions([work('one', connect('a', 'node1'), connect('b', 'node2'))], NOW);
    await store.applySessions([work('two', connect('c', 'node2'), connect('d', 'gone'), disconnect('d'))], LATER);
    await store.applySessions([work('three', connect('e', 'node2'))], NOW + 1);
    expect(await stored()).toEqual([
      { instanceId: 'node1', sessions: 1, newestMs: NOW },
      { instanceId: 'node2', sessions: 3, newestMs: LATER },
    ]);
    await store.applySessions([work('one', heartbeat('a'), disconnect('b')), work('two', disconnect('c'))], LATER);
    expect(await stored()).toEqual([
      { instanceId: 'node1', sessions: 1, newestMs: LATER },
      { instanceId: 'node2', sessions: 1, newestMs: NOW + 1 },
    ]);
  });

  it('tells of the instances that are not among some', async () => {
    const outside = async (...keep: string[]) =>
      (await store.instances.outside(new Set(keep))).map(({ instanceId }) => instanceId).sort();
    expect(await outside()).toEqual([]);
    await store.applySessions([work('one', connect('a', 'node1'), connect('b', 'node2'), connect('c', 'node3'))], NOW);
    expect(await outside()).toEqual(['node1', 'node2', 'node3']);
    expect(await outside('node1', 'node3')).toEqual(['node2']);
    expect(await store.instances.outside(new Set(['node2', 'node3', 'node4']))).toEqual([
      { instanceId: 'node1', sessions: 1, newestMs: NOW },
    ]);
    expect(await outside('node1', 'node2', 'node3')).toEqual([]);
  });

  it('drops of an instance what was last written before a time', async () => {
    const LATER = NOW + REFRESH_AFTER_MS;
    await store.applySessions([work('one', connect('a'), connect('b')), work('two', connect('c'))], NOW);
    await store.applySessions([work('one', heartbeat('b')), work('three', connect('d'))], LATER);
    expect((await store.ownersOfInstance('node1', LATER)).sort()).toEqual(['one', 'two']);
    expect(await store.ownersOfInstance('node1', NOW)).toEqual([]);
    const drop = { kind: 'dropInstance', instanceId: 'node1', beforeMs: LATER } as const;
    const [one, two, three] = await store.applySessions(
      ['one', 'two', 'three'].map((uid) => work(uid, drop)),
      LATER,
    );
    expect([one, two, three].map((state) => state!.sessions.map(({ id }) => id))).toEqual([['b'], [], ['d']]);
    expect([one!.found, two!.found]).toEqual([[true], [true]]);
    const again = await store.applySessions([work('one', drop, { ...drop, instanceId: 'node2' })], LATER);
    expect(again[0]!.found).toEqual([false, false]);
  });

  it('tells of the instances that Rocket.Chat has told of lately', async () => {
    expect(await store.instances.told(NOW)).toEqual(new Set());
    await store.hearInstance('uuid-1', 3, NOW);
    await store.hearInstance('uuid-2', 3, NOW);
    await store.hearInstance('uuid-3', undefined, NOW);
    await store.forgetInstance('uuid-2');
    expect((await store.connections(NOW)).current).toBe(3);
    expect(await store.instances.told(NOW + MINUTE)).toEqual(new Set(['uuid-1', 'uuid-3']));
    expect(await store.instances.told(NOW + 10 * MINUTE)).toEqual(new Set());
  });

  it('counts users by the status they are shown with', async () => {
    expect(await store.statusCounts()).toEqual({ online: 0, away: 0, busy: 0, offline: 0 });
    const shown = (['online', 'offline', 'online', 'away', 'offline', 'online'] as const).map((status, i) =>
      userRecord(`u${i}`, { status }),
    );
    await under.seedUsers([...shown, userRecord('never seen')]);
    expect(await store.statusCounts()).toEqual({ online: 3, away: 1, busy: 0, offline: 2 });
    const { user } = (await store.applySessions([work('u0')], NOW))[0]!;
    const after: UserRecord = { ...user!, status: 'busy', presenceRev: user!.presenceRev + 1 };
    await store.writePresence([{ before: user!, after, sessionsRev: 0 }]);
    expect(await store.statusCounts()).toEqual({ online: 2, away: 1, busy: 1, offline: 2 });
  });

  describe('heartbeats', () => {
    it('are noted of an instance once and for all', async () => {
      expect(await store.heartbeatingInstances()).toEqual(new Set());
      for (const id of ['node1', 'node2', 'node1']) await store.noteHeartbeats(id);
      expect(await store.heartbeatingInstances()).toEqual(new Set(['node1', 'node2']));
    });

    it('of several at once are noted all, and of one once', async () => {
      await Promise.all(['node1', 'node2', 'node1', 'node1', 'node3'].map((id) => store.noteHeartbeats(id)));
      expect(await store.heartbeatingInstances()).toEqual(new Set(['node1', 'node2', 'node3']));
    });

    if (isDurable) {
      it('that are noted are known to the next process', async () => {
        await store.noteHeartbeats('node1');
        expect(await (await under.afterKill()).heartbeatingInstances()).toEqual(new Set(['node1']));
      });
    }
  });

  describe('the lease on a job', () => {
    const lead = (holder: string, ttlMs = MINUTE, job = 'liveness') => store.lead(job, holder, ttlMs);
    const holders = Array.from({ length: 20 }, (_, i) => `holder ${i}`);
    const winners = async () => {
      const won = await Promise.all(holders.map((holder) => lead(holder)));
      return holders.filter((_, i) => won[i]);
    };

    it('is refused to others while one has it, who may renew it', async () => {
      expect(await lead('a')).toBe(true);
      expect(await lead('b')).toBe(false);
      expect(await lead('a')).toBe(true);
      expect(await lead('b')).toBe(false);
      expect(await lead('b', MINUTE, 'another job')).toBe(true);
    });

    it('lasts from when it was renewed', async () => {
      expect(await lead('a', 1)).toBe(true);
      expect(await lead('a', MINUTE)).toBe(true);
      expect(await lead('b')).toBe(false);
    });

    it('is free when its time is over, and not before', async () => {
      const ttlMs = 200;
      const askedAt = performance.now();
      expect(await lead('a', ttlMs)).toBe(true);
      await eventually(async () => expect(await lead('b')).toBe(true));
      // The store's clock may count whole milliseconds.
      expect(performance.now() - askedAt).toBeGreaterThanOrEqual(ttlMs - 1);
      expect(await lead('a')).toBe(false);
    });

    it('is free at once when its holder gives it back, and not when others do', async () => {
      await store.resign('liveness', 'a');
      expect(await lead('a')).toBe(true);
      await store.resign('liveness', 'b');
      await store.resign('another job', 'a');
      expect(await lead('b')).toBe(false);
      await store.resign('liveness', 'a');
      expect(await lead('b')).toBe(true);
    });

    it('goes to one of many that ask at once', async () => {
      const [winner, ...others] = await winners();
      expect(others).toEqual([]);
      expect(await winners()).toEqual([winner]);
    });

    it('goes to one of many that ask at once when another’s time is over', async () => {
      await lead('gone', 50);
      const won = new Set<string>();
      await eventually(async () => {
        for (const winner of await winners()) won.add(winner);
        expect(won.size).toBeGreaterThan(0);
      });
      expect([...won]).toEqual(await winners());
    });
  });

  it('tells a time that goes on, and is about ours', async () => {
    const firstMs = await store.timeMs();
    expect(Number.isInteger(firstMs)).toBe(true);
    expect(Math.abs(firstMs - Date.now())).toBeLessThan(MINUTE);
    await eventually(async () => expect(await store.timeMs()).toBeGreaterThan(firstMs));
  });
}
