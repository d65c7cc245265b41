import type { HistoryRow } from '../../../domain/history';
import { CacheFixture, CORE, REPLICAS } from '../../helpers/cache-fixture';
import { eventsOf, shown } from '../../helpers/bus-fixture';
import { eventually } from '../../helpers/eventually';

/** Three replicas decide presence on Rocket.Chat's database, and core, or whoever, writes to `users` past them. */
describe.each([
  ['a change stream', false],
  ['the oplog', true],
])('outside writes, heard of by %s', (_name, withOplog) => {
  let fixture: CacheFixture;
  beforeAll(async () => {
    fixture = await CacheFixture.start({ HISTORY_RETENTION_DAYS: '1', SYNC_INTERVAL: '60000' }, withOplog);
    await heardOf();
  });
  afterAll(() => fixture.stop());

  const users = () => fixture.db.collection<{ _id: string }>('users');
  const write = (uid: string, change: object) => users().updateOne({ _id: uid }, change);
  const statuses = (uid: string) => shown(fixture.core, uid);
  const rows = async (uid: string) => {
    const { changes } = await fixture.core.broker.call<{ changes: HistoryRow[] }, object>('history.list', { uid });
    return changes.reverse().map(({ from, to, text, cause }) => ({ from, to, ...(text && { text }), cause }));
  };
  const comesOnline = async (uid: string) => {
    await users().insertOne({ _id: uid, username: uid, type: 'user' } as { _id: string });
    await fixture.core.call('newConnection', uid, `of ${uid}`, CORE);
    await eventually(() => expect(statuses(uid)).toEqual(['online']));
  };

  /** The leader listens a moment after it has started. */
  async function heardOf(): Promise<void> {
    await comesOnline('first');
    let n = 0;
    await eventually(async () => {
      await write('first', { $set: { statusText: `${(n += 1)}` } });
      await eventually(() => expect(statuses('first').length).toBeGreaterThan(1), { timeoutMs: 500 });
    });
  }
  /** Whatever was written before this was heard of by now, more or less: users are decided in several lanes. */
  async function settled(uid: string): Promise<void> {
    await comesOnline(uid);
    await write(uid, { $set: { statusText: 'last' } });
    await eventually(() => expect(statuses(uid)).toHaveLength(2));
  }

  it('what is wrong is put right, and told once', async () => {
    await comesOnline('ann');
    await write('ann', { $set: { status: 'offline', statusConnection: 'offline' } });
    await eventually(() => expect(statuses('ann')).toEqual(['online', 'online']));
    expect(await users().findOne({ _id: 'ann' })).toMatchObject({ status: 'online', statusConnection: 'online' });
    expect((await rows('ann')).at(-1)).toEqual({ from: 'offline', to: 'online', cause: 'outside' });
  });

  it('what may be so is told once, by one of the replicas', async () => {
    await comesOnline('bob');
    await write('bob', { $set: { statusText: 'gone fishing' } });
    await eventually(() => expect(statuses('bob')).toHaveLength(2));
    await settled('after-bob'); // and no other replica has told it too
    expect(
      eventsOf(fixture.core, 'bob')
        .slice(1)
        .map(({ user, previousStatus }) => [user.statusText as string, previousStatus]),
    ).toEqual([['gone fishing', 'online']]);
    expect((await rows('bob')).at(-1)).toEqual({
      from: 'online',
      to: 'online',
      text: 'gone fishing',
      cause: 'outside',
    });
  });

  it('a claim that is written past this service holds, and its end too', async () => {
    await comesOnline('cleo');
    const statusExpiresAt = new Date(Date.now() + 1_500);
    await write('cleo', { $set: { statusDefault: 'busy', statusSource: 'external', statusExpiresAt } });
    await eventually(() => expect(statuses('cleo')).toEqual(['online', 'busy', 'online']), { timeoutMs: 10_000 });
  });

  it('a bot that an operator sets online without a session is online, told once, and until its claims are cleared', async () => {
    await users().insertOne({ _id: 'bot', username: 'bot', type: 'bot' } as { _id: string });
    await fixture.core.call('updateUserPresence', 'bot');
    await write('bot', { $set: { status: 'online' } });
    await eventually(() => expect(statuses('bot')).toEqual(['offline', 'online']));
    await fixture.core.call('updateUserPresence', 'bot');
    expect(await users().findOne({ _id: 'bot' })).toMatchObject({ status: 'online', statusConnection: 'offline' });
    await fixture.core.call('clearActiveState', 'bot');
    await eventually(() => expect(statuses('bot')).toEqual(['offline', 'online', 'offline']));
  });

  it('a field that is taken away is heard of, too', async () => {
    await comesOnline('dan');
    await fixture.core.call('setStatus', 'dan', 'busy', 'in a meeting');
    await eventually(() => expect(statuses('dan')).toEqual(['online', 'busy']));
    await write('dan', { $unset: { statusDefault: true, statusText: true } });
    await eventually(() => expect(statuses('dan')).toEqual(['online', 'busy', 'online']));
  });

  it('what concerns nobody’s presence, and what is written by us, is not told again', async () => {
    await comesOnline('eve');
    await write('eve', { $set: { lastLogin: new Date(), name: 'Eve' } });
    await fixture.core.call('setStatus', 'eve', 'away', '');
    for (const nodeID of REPLICAS) await fixture.core.callAt(nodeID, 'setStatus', 'eve', 'busy', nodeID);
    await settled('after-eve');
    expect(statuses('eve')).toEqual(['online', 'away', 'busy', 'busy', 'busy']);
  });
});
