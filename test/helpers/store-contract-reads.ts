import type { UserFilter, PresenceStore } from '../../lib/store/port';
import { MINUTE, NOW, userRecord } from './presence-builders';
import type { StoreUnderTest } from './store-contract-queries';

/** The part of the store contract that readers need: users by id, and page by page. */
export function describeStoreReads(underTest: () => StoreUnderTest): void {
  describe('reads', () => {
    let store: PresenceStore;
    beforeEach(async () => {
      const under = underTest();
      store = under.store;
      const changed = (minutes: number) =>
        ({ presenceChange: { cause: 'claim', from: 'offline', at: new Date(NOW + minutes * MINUTE) } }) as const;
      await under.seedUsers([
        userRecord('dora', { status: 'busy', statusText: 'in a meeting', roles: ['admin', 'user'], ...changed(3) }),
        userRecord('ann', { status: 'online', ...changed(1) }),
        userRecord('Zoe', { status: 'offline', ...changed(2) }),
        userRecord('bob', { status: 'online', roles: ['admin'] }),
        userRecord('never seen'),
        userRecord('émile', { status: 'away', ...changed(0) }),
      ]);
    });

    describe('usersOf', () => {
      it('answers what is stored of users, and nobody who is not there', async () => {
        const found = await store.usersOf(['bob', 'nobody', 'dora', 'bob', 'never seen']);
        expect([...found.keys()].sort()).toEqual(['bob', 'dora', 'never seen']);
        expect(found.get('dora')).toMatchObject({ username: 'dora.name', status: 'busy', statusText: 'in a meeting' });
        expect(found.get('never seen')!.status).toBeUndefined();
        expect(await store.usersOf([])).toEqual(new Map());
      });
    });

    describe('listUsers', () => {
      const ids = async (filter: UserFilter, limit = 100) =>
        (await store.listUsers(filter, limit)).map(({ _id }) => _id);

      it('answers those that have a status, in the order of the bytes of their ids', async () => {
        expect(await ids({})).toEqual(['Zoe', 'ann', 'bob', 'dora', 'émile']);
      });

      it('goes on after an id, and answers no more than asked for', async () => {
        expect(await ids({}, 2)).toEqual(['Zoe', 'ann']);
        expect(await ids({ after: 'ann' }, 2)).toEqual(['bob', 'dora']);
        expect(await ids({ after: 'dora' })).toEqual(['émile']);
        expect(await ids({ after: 'émile' })).toEqual([]);
      });

      it('answers only those for whom all holds that is asked for', async () => {
        expect(await ids({ statuses: ['online'] })).toEqual(['ann', 'bob']);
        expect(await ids({ statuses: ['busy', 'offline'] })).toEqual(['Zoe', 'dora']);
        expect(await ids({ role: 'admin' })).toEqual(['bob', 'dora']);
        expect(await ids({ role: 'admin', statuses: ['online', 'away'] })).toEqual(['bob']);
        expect(await ids({ sinceMs: NOW + 2 * MINUTE })).toEqual(['Zoe', 'dora']);
        expect(await ids({ sinceMs: NOW + 2 * MINUTE, after: 'Zoe' })).toEqual(['dora']);
        expect(await ids({ role: 'nobody has it' })).toEqual([]);
      });
    });
  });
}
