import type { UserRecord } from '../../domain/types';
import type { PresenceStore } from '../../lib/store/port';
import { connect, disconnect, MINUTE, NOW, SECOND, userRecord, work } from './presence-builders';

export interface StoreUnderTest {
  /** Open, and holding nothing. */
  readonly store: PresenceStore;
  /** Puts users there as their owner would: a store that shares them never creates any. */
  seedUsers(users: readonly UserRecord[]): Promise<void>;
  /** The store that the next process opens on what is kept, should this one be killed now. */
  afterKill(): Promise<PresenceStore>;
  dispose(): Promise<void>;
}

/** The part of the store contract that looks across users: whom something concerns, counts, the switch. */
export function describeStoreQueries(underTest: () => StoreUnderTest): void {
  let under: StoreUnderTest;
  let store: PresenceStore;
  beforeEach(() => {
    under = underTest();
    store = under.store;
  });

  describe('who is concerned', () => {
    beforeEach(() =>
      store.applySessions(
        [
          work('inside', connect('a', 'node1')),
          work('both', connect('b', 'node1'), connect('shared', 'node2')),
          work('outside', connect('shared', 'node2'), connect('c', 'node3')),
          work('left', connect('d', 'node3'), disconnect('d')),
        ],
        NOW,
      ),
    );
    const owners = async (...ids: string[]) => {
      const { owners: found } = await store.ownersOfSessions(ids);
      return ids.map((id) => [...(found.get(id) ?? [])].sort());
    };

    it('applies commands to what was read with the owners, also when that has changed since', async () => {
      const { asRead } = await store.ownersOfSessions(['shared']);
      await store.applySessions([work('outside', connect('late', 'node2')), work('left', connect('e', 'node1'))], NOW);
      const works = [work('both', disconnect('shared')), work('outside', disconnect('shared')), work('left')];
      const applied = await store.applySessions(works, NOW, asRead);
      expect(applied.map(({ found, sessions }) => [found, sessions.map(({ id }) => id)])).toEqual([
        [[true], ['b']],
        [[true], ['c', 'late']],
        [[], ['e']],
      ]);
      expect(await owners('shared', 'b', 'c', 'late')).toEqual([[], ['both'], ['outside'], ['outside']]);
    });

    it('finds every owner of a session id', async () => {
      expect(await owners('shared', 'a', 'd', 'never')).toEqual([['both', 'outside'], ['inside'], [], []]);
      await store.applySessions([work('both', disconnect('shared'))], NOW);
      expect(await owners('shared', 'b')).toEqual([['outside'], ['both']]);
      expect(await owners()).toEqual([]);
    });

    it('finds the users of an instance', async () => {
      expect((await store.ownersOfInstance('node2')).sort()).toEqual(['both', 'outside']);
      expect(await store.ownersOfInstance('node9')).toEqual([]);
    });

    it('finds users with a session outside some instances, though another is inside (W18)', async () => {
      expect((await store.ownersOutside(new Set(['node1']))).sort()).toEqual(['both', 'outside']);
      expect(await store.ownersOutside(new Set(['node1', 'node2', 'node3']))).toEqual([]);
      expect((await store.ownersOutside(new Set())).sort()).toEqual(['both', 'inside', 'outside']);
    });
  });

  describe('usersExpired', () => {
    const until = (statusExpiresAt: Date | undefined): Partial<UserRecord> => ({
      statusDefault: 'busy',
      statusSource: 'internal',
      statusExpiresAt,
    });

    const moreWaiting = (bestEndsMs: number): Partial<UserRecord> => ({
      ...until(undefined),
      previousState: { statusDefault: 'away', statusSource: 'internal', statusExpiresAt: new Date(bestEndsMs) },
      presenceWaiting: [{ statusDefault: 'away', statusSource: 'external' }],
    });

    it('finds users whose active claim ended before now, not at this very millisecond', async () => {
      await under.seedUsers([
        userRecord('ended', until(new Date(NOW - 1))),
        userRecord('ends now', until(new Date(NOW))),
        userRecord('endless', until(undefined)),
        userRecord('others wait', moreWaiting(NOW - 1)),
        userRecord('others wait still', moreWaiting(NOW)),
        userRecord('stash ended', { previousState: { statusDefault: 'away', statusExpiresAt: new Date(NOW - 1) } }),
      ]);
      expect((await store.usersExpired(NOW)).sort()).toEqual(['ended', 'others wait']);
      const all = ['ended', 'ends now', 'others wait', 'others wait still'];
      expect((await store.usersExpired(NOW + 1)).sort()).toEqual(all);
    });

    it('follows what is written', async () => {
      const [u1, u2] = [userRecord('u1', until(new Date(NOW - 1))), userRecord('u2', until(undefined))];
      await under.seedUsers([u1, u2]);
      await store.writePresence([
        { before: u1, after: { ...u1, ...until(undefined), presenceRev: 1 }, sessionsRev: 0 },
        { before: u2, after: { ...u2, ...until(new Date(NOW - 1)), presenceRev: 1 }, sessionsRev: 0 },
      ]);
      expect(await store.usersExpired(NOW)).toEqual(['u2']);
    });
  });

  describe('slicesToVerify', () => {
    const slices = async (size: number) => {
      const all: string[][] = [];
      for await (const slice of store.slicesToVerify(size)) all.push(slice);
      return all;
    };

    it('gives every user with sessions or shown as not offline, once', async () => {
      await under.seedUsers([
        userRecord('online alone', { status: 'online' }),
        userRecord('busy with session', { status: 'busy' }),
        userRecord('offline with session', { status: 'offline' }),
        userRecord('offline alone', { status: 'offline' }),
      ]);
      const connected = ['busy with session', 'offline with session', 'unknown with session'];
      await store.applySessions(
        [...connected, 'left'].map((uid) => work(uid, connect(`of ${uid}`))),
        NOW,
      );
      await store.applySessions([work('left', disconnect('of left'))], NOW);
      expect((await slices(2)).flat().sort()).toEqual([connected[0], connected[1], 'online alone', connected[2]]);
    });

    it('makes no slice larger than asked and none empty', async () => {
      expect(await slices(3)).toEqual([]);
      const uids = Array.from({ length: 7 }, (_, i) => `u${i}`);
      await store.applySessions(
        uids.map((uid) => work(uid, connect(`of ${uid}`))),
        NOW,
      );
      for (const size of [1, 3, 7, 100]) {
        const all = await slices(size);
        expect(all.flat().sort()).toEqual(uids);
        for (const { length } of all) expect(length).toBeGreaterThan(0);
        for (const { length } of all) expect(length).toBeLessThanOrEqual(size);
      }
    });
  });

  describe('connection counts', () => {
    const ownSessions = (...ids: string[]) => store.applySessions([work('u1', ...ids.map((id) => connect(id)))], NOW);
    const current = async (nowMs = NOW) => (await store.connections(nowMs)).current;

    it('are those of our own sessions while no instance is heard', async () => {
      expect(await store.connections(NOW)).toEqual({ current: 0, peak: 0 });
      await ownSessions('a', 'b');
      await store.applySessions([work('u2', connect('c'))], NOW);
      expect(await store.connections(NOW)).toEqual({ current: 3, peak: 3 });
      await store.hearInstance('node1', undefined, NOW);
      expect(await current()).toBe(3);
    });

    it('are those heard from instances, whatever our own', async () => {
      await ownSessions('a', 'b');
      await store.hearInstance('node1', 7, NOW);
      await store.hearInstance('node2', 4, NOW);
      expect(await store.connections(NOW)).toEqual({ current: 11, peak: 11 });
      await store.hearInstance('node2', 0, NOW);
      await store.hearInstance('node1', undefined, NOW);
      expect(await current()).toBe(7);
    });

    it('leave out an instance that is forgotten; without the last, our own count again', async () => {
      await ownSessions('a');
      await store.hearInstance('node1', 7, NOW);
      await store.hearInstance('node2', 4, NOW);
      await store.forgetInstance('node1');
      expect(await current()).toBe(4);
      await store.forgetInstance('node2');
      await store.forgetInstance('never heard');
      expect(await current()).toBe(1);
    });

    it('lapse when an instance is not heard for long', async () => {
      await ownSessions('a');
      await store.hearInstance('node1', 7, NOW);
      await store.hearInstance('node2', 4, NOW);
      expect(await current(NOW + 30 * SECOND)).toBe(11);
      await store.hearInstance('node2', undefined, NOW + 10 * MINUTE);
      expect(await current(NOW + 10 * MINUTE)).toBe(4);
      expect(await current(NOW + 20 * MINUTE)).toBe(1);
    });

    it('have a peak that stays when they fall, and never is below them', async () => {
      await store.hearInstance('node1', 7, NOW);
      await store.hearInstance('node1', 3, NOW);
      expect(await store.connections(NOW)).toEqual({ current: 3, peak: 7 });
      await store.hearInstance('node1', 9, NOW);
      expect(await store.connections(NOW)).toEqual({ current: 9, peak: 9 });
      await store.forgetInstance('node1');
      await ownSessions('a');
      expect(await store.connections(NOW)).toEqual({ current: 1, peak: 9 });
    });

    it('have no peak below our own sessions when these count again', async () => {
      await store.hearInstance('node1', 1, NOW);
      await ownSessions('a', 'b', 'c');
      await store.forgetInstance('node1');
      expect(await store.connections(NOW)).toEqual({ current: 3, peak: 3 });
    });

    it('start their peak again at the current count', async () => {
      await store.hearInstance('node1', 7, NOW);
      await store.hearInstance('node1', 3, NOW);
      await store.resetPeak(NOW);
      expect(await store.connections(NOW)).toEqual({ current: 3, peak: 3 });
      await store.forgetInstance('node1');
      await ownSessions('a', 'b');
      await store.resetPeak(NOW);
      expect(await store.connections(NOW)).toEqual({ current: 2, peak: 2 });
    });
  });

  it('broadcasts until told otherwise, and again when told so', async () => {
    expect(await store.broadcastEnabled()).toBe(true);
    for (const enabled of [false, false, true]) {
      await store.setBroadcastEnabled(enabled);
      expect(await store.broadcastEnabled()).toBe(enabled);
    }
  });
}
