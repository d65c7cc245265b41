import { LOST_KEPT_MS } from '../../../domain/lost-sessions';
import type { EmbeddedStore } from '../../../lib/store/embedded-store';
import { embeddedFolders } from '../../helpers/embedded-folders';
import { connect, disconnect, MINUTE, NOW, userRecord, work } from '../../helpers/presence-builders';

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

  it('are all written when the store is closed behind them', async () => {
    const login = store.applySessions([work('ann', connect('a'))], NOW);
    const gone = store.removeUsers(['nobody']);
    await store.close();
    await Promise.all([login, gone]);
    expect((await (await openIn(folder)).applySessions([work('ann')], NOW))[0]!.sessions).toHaveLength(1);
  });
});
