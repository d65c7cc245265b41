import type { SessionCommand } from '../../domain/sessions';
import type { UserRecord } from '../../domain/types';
import type { AppliedSessions, PresenceStore, PresenceWrite, SessionWork } from '../../lib/store/port';
import {
  away,
  connect,
  disconnect,
  heartbeat,
  NOW,
  REFRESH_AFTER_MS,
  SECOND,
  session,
  userRecord,
  work,
} from './presence-builders';
import { describeStoreActivity } from './store-contract-activity';
import { describeStoreCallbacks } from './store-contract-callbacks';
import { describeStoreHistory } from './store-contract-history';
import { describeStoreLiveness } from './store-contract-liveness';
import { describeStoreSchedules } from './store-contract-schedules';
import { describeStoreRemovals } from './store-contract-removals';
import { describeStoreRemovedUsers } from './store-contract-removed-users';
import { describeStoreReads } from './store-contract-reads';
import { describeStoreLost } from './store-contract-lost';
import { describeStoreProcesses } from './store-contract-processes';
import { describeStoreQueries, type StoreUnderTest } from './store-contract-queries';

export type { StoreUnderTest };

/** What every presence store does, whatever it is built on; one that is not durable keeps nothing over its end. */
export function describeStoreContract(
  name: string,
  factory: () => Promise<StoreUnderTest>,
  { isDurable = true }: { isDurable?: boolean } = {},
): void {
  describe(`presence store: ${name}`, () => {
    let under: StoreUnderTest;
    let store: PresenceStore;
    const apply = (at: number, ...works: SessionWork[]) => store.applySessions(works, at);
    const one = async (at: number, uid: string, ...commands: SessionCommand[]): Promise<AppliedSessions> =>
      (await apply(at, work(uid, ...commands)))[0]!;
    const read = (uid: string) => one(NOW, uid);
    const write = async (before: UserRecord, fields: Partial<UserRecord>, sessionsRev = 0): Promise<PresenceWrite> => {
      const next = { before, after: { ...before, ...fields, presenceRev: before.presenceRev + 1 }, sessionsRev };
      expect(await store.writePresence([next])).toEqual(new Set([before._id]));
      return next;
    };

    beforeEach(async () => {
      under = await factory();
      store = under.store;
    });
    afterEach(() => under.dispose());

    describe('applySessions', () => {
      it('applies the commands of a user in order and tells what was found', async () => {
        const { sessions, found } = await one(
          NOW,
          'u1',
          connect('a'),
          connect('b', 'node2'),
          away('a'),
          disconnect('b'),
          disconnect('b'),
          heartbeat('c'),
        );
        expect(found).toEqual([false, false, true, true, false, false]);
        expect(sessions).toEqual([session('a', { status: 'away' }), session('c')]);
        expect((await read('u1')).sessions).toEqual(sessions);
      });

      it('answers one entry a work, in order, each with its own user', async () => {
        await under.seedUsers([userRecord('u1'), userRecord('u2', { name: 'Two' })]);
        const states = await apply(NOW, work('u2', connect('b')), work('nobody'), work('u1', connect('a')));
        expect(states.map(({ uid, user, sessions }) => [uid, user?.username, sessions.map(({ id }) => id)])).toEqual([
          ['u2', 'u2.name', ['b']],
          ['nobody', undefined, []],
          ['u1', 'u1.name', ['a']],
        ]);
        expect(states[0]!.user).toEqual(userRecord('u2', { name: 'Two' }));
        expect(await store.applySessions([], NOW)).toEqual([]);
      });

      it('only reads when there are no commands', async () => {
        const { sessionsRev } = await one(NOW, 'u1', connect('a'));
        for (let i = 0; i < 2; i++) expect(await read('u1')).toMatchObject({ sessions: [session('a')], sessionsRev });
        const nothing = { user: undefined, sessions: [], sessionsRev: 0, found: [], changed: false };
        expect(await read('u2')).toEqual({ uid: 'u2', ...nothing });
      });

      it('raises the revision with every change and only then', async () => {
        const revs: number[] = [0];
        for (const command of [connect('a'), away('a'), connect('b'), disconnect('a')]) {
          const { sessionsRev, changed } = await one(NOW, 'u1', command);
          revs.push(sessionsRev);
          expect(revs.at(-1)).toBeGreaterThan(revs.at(-2)!);
          expect(changed).toBe(true);
        }
        for (const command of [heartbeat('b'), connect('b'), disconnect('a'), away('a')]) {
          expect((await one(NOW + SECOND, 'u1', command)).sessionsRev).toBe(revs.at(-1));
        }
        expect((await one(NOW, 'u2', connect('x'))).sessionsRev).toBeGreaterThan(0);
        expect((await read('u1')).sessionsRev).toBe(revs.at(-1));
      });

      it('writes a lease again only when it is old enough', async () => {
        const [young, old] = [NOW + REFRESH_AFTER_MS - 1, NOW + REFRESH_AFTER_MS];
        await one(NOW, 'u1', connect('a'));
        expect((await one(young, 'u1', heartbeat('a'))).sessions).toEqual([session('a')]);
        const { sessions } = await one(old, 'u1', heartbeat('a'));
        expect(sessions).toEqual([session('a', { _updatedAt: new Date(old) })]);
        expect((await read('u1')).sessions).toEqual(sessions);
      });

      it('drops the sessions of one instance, or of all but some', async () => {
        const three = [connect('a', 'node1'), connect('b', 'node2'), connect('c', 'node3')];
        await apply(NOW, work('u1', ...three), work('u2', ...three));
        const [u1, u2] = await apply(
          NOW,
          work('u1', { kind: 'dropInstance', instanceId: 'node2' }, { kind: 'dropInstance', instanceId: 'node2' }),
          work('u2', { kind: 'dropOtherInstances', keep: new Set(['node2']) }),
        );
        expect(u1).toMatchObject({ sessions: [{ id: 'a' }, { id: 'c' }], found: [true, false] });
        expect(u2).toMatchObject({ sessions: [{ id: 'b' }], found: [true] });
      });

      it('keeps sessions of a user it does not know, and makes no user of them', async () => {
        expect(await one(NOW, 'ghost', connect('a'))).toMatchObject({ user: undefined, sessions: [{ id: 'a' }] });
        expect(await read('ghost')).toMatchObject({ user: undefined, sessions: [{ id: 'a' }] });
      });
    });

    describe('writePresence', () => {
      const claimed: Partial<UserRecord> = {
        status: 'busy',
        statusConnection: 'online',
        statusDefault: 'busy',
        statusText: 'in a meeting',
        statusSource: 'internal',
        statusExpiresAt: new Date(NOW + SECOND),
        statusId: 'meeting-1',
        previousState: {
          statusDefault: 'away',
          statusText: '',
          statusSource: 'manual',
          statusExpiresAt: new Date(NOW),
        },
      };

      it('stores all of presence, dates and the stash too', async () => {
        const before = userRecord('u1', { name: 'One' });
        await under.seedUsers([before]);
        expect(await store.sessionsMoved([await write(before, claimed)])).toEqual(new Set());
        expect((await read('u1')).user).toEqual({ ...before, ...claimed, presenceRev: 1 });
      });

      it('removes what the new state does not have', async () => {
        const before = userRecord('u1', { ...claimed, presenceRev: 1 });
        await under.seedUsers([before]);
        const gone = { statusText: undefined, statusSource: undefined, statusExpiresAt: undefined };
        await write(before, {
          status: 'online',
          statusDefault: 'online',
          ...gone,
          statusId: undefined,
          previousState: undefined,
        });
        // toEqual takes an absent field and undefined for one, but not null.
        expect((await read('u1')).user).toEqual(
          userRecord('u1', { status: 'online', statusConnection: 'online', statusDefault: 'online', presenceRev: 2 }),
        );
      });

      it('refuses a write on a revision that is no longer current, and says so', async () => {
        const [u1, u2] = [userRecord('u1', { presenceRev: 3 }), userRecord('u2', { presenceRev: 3 })];
        await under.seedUsers([u1, u2]);
        await write(u1, { status: 'online' });
        const stale = { before: u1, after: { ...u1, status: 'away' as const, presenceRev: 4 }, sessionsRev: 0 };
        const good = { before: u2, after: { ...u2, status: 'away' as const, presenceRev: 4 }, sessionsRev: 0 };
        expect(await store.writePresence([stale, good])).toEqual(new Set(['u2']));
        expect((await read('u1')).user).toMatchObject({ status: 'online', presenceRev: 4 });
        expect((await read('u2')).user).toMatchObject({ status: 'away', presenceRev: 4 });
      });

      it('writes the same change of many, each on his own revision, whatever is in names and texts', async () => {
        const befores = Array.from({ length: 80 }, (_, i) =>
          userRecord(i % 2 ? `$user.${i}` : `user-${i}`, { ...claimed, presenceRev: i % 7 }),
        );
        await under.seedUsers(befores);
        const text = { statusText: '$status', statusSource: 'internal' as const, statusExpiresAt: undefined };
        const writes = befores.map((before) => {
          return { before, after: { ...before, ...text, presenceRev: before.presenceRev + 1 }, sessionsRev: 0 };
        });
        const stale = [writes[3]!, writes[20]!].map(({ before }) => before._id);
        const others = writes.filter(({ before }) => stale.includes(before._id));
        await store.writePresence(others.map((one) => ({ ...one, after: { ...one.after, status: 'away' as const } })));
        const written = await store.writePresence(writes);
        expect(befores.map(({ _id }) => _id).filter((uid) => !written.has(uid))).toEqual(stale);
        const after = await store.usersOf(befores.map(({ _id }) => _id));
        for (const { after: wanted } of writes) {
          const status = stale.includes(wanted._id) ? 'away' : wanted.status;
          expect(after.get(wanted._id)).toEqual({ ...wanted, status });
        }
      });

      it('writes, and then tells when sessions moved since they were read', async () => {
        const before = userRecord('u1');
        await under.seedUsers([before]);
        const { sessionsRev } = await one(NOW, 'u1', connect('a'));
        await one(NOW, 'u1', away('a'));
        const moved = await write(before, { status: 'online' }, sessionsRev);
        expect(await store.sessionsMoved([moved])).toEqual(new Set(['u1']));
        const { user, sessionsRev: current } = await read('u1');
        expect(user).toMatchObject({ status: 'online', presenceRev: 1 });
        expect(await store.sessionsMoved([await write(user!, { status: 'away' }, current)])).toEqual(new Set());
        expect(await store.writePresence([])).toEqual(new Set());
        expect(await store.sessionsMoved([])).toEqual(new Set());
      });
    });

    describeStoreQueries(() => under);
    describeStoreReads(() => under);
    describeStoreRemovals(() => under);
    describeStoreRemovedUsers(() => under);
    describeStoreLiveness(() => under, { isDurable });
    describeStoreLost(() => under, { isDurable });
    describeStoreProcesses(() => under, { isDurable });
    describeStoreHistory(() => under, { isDurable });
    describeStoreActivity(() => under, { isDurable });
    describeStoreSchedules(() => under, { isDurable });
    describeStoreCallbacks(() => under, { isDurable });
  });
}
