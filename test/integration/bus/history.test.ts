import type { HistoryPage } from '../../../lib/history/history-reads';
import { BusFixture, eventsOf, sees } from '../../helpers/bus-fixture';
import { eventually } from '../../helpers/eventually';
import type { Replica } from '../../helpers/replica';
import type { RocketChatNode } from '../../helpers/rocket-chat-node';

const CORE = 'core-1';
const HOUR = 3_600_000;

/** Every real change is kept, on either store, whichever replica is called. */
describe('the history over the bus', () => {
  let bus: BusFixture;
  let core: RocketChatNode;
  const replicas: Replica[] = [];

  beforeAll(async () => {
    bus = await BusFixture.start();
    for (const nodeID of ['presence-1', 'presence-2']) replicas.push(await bus.replica({ nodeID }));
    core = await bus.rocketChat(CORE, [], ['presence', 'history']);
  });
  afterAll(() => bus.stop());

  const list = (params: unknown, nodeID?: string) =>
    core.broker.call<HistoryPage, unknown>('history.list', params, { nodeID });
  const told = async (params: unknown) =>
    (await list(params)).changes.map(({ from, to, cause }) => `${from} → ${to}: ${cause}`);

  test('has one row for each change that was told, and none for calls that changed nothing', async () => {
    await core.call('newConnection', 'ann', 's1', CORE);
    await core.call('newConnection', 'ann', 's2', CORE);
    await core.call('updateConnection', 'ann', 's1');
    await core.call('setStatus', 'ann', 'busy', 'in a meeting', new Date(Date.now() + HOUR));
    await core.call('setStatus', 'ann', 'online', '');
    await core.call('removeConnection', 'ann', 's1');
    await core.call('removeConnection', 'ann', 's2');
    await sees(core, 'ann', 'online', 'busy', 'online', 'offline');
    expect(await told(['ann'])).toEqual([
      'online → offline: connection',
      'busy → online: claim',
      'online → busy: claim',
      'undefined → online: connection',
    ]);
    const { changes } = await list({ uid: 'ann' });
    expect(changes.map(({ rev }) => rev).reverse()).toEqual(eventsOf(core, 'ann').map(({ rev }) => rev));
    expect(changes[2]).toMatchObject({
      uid: 'ann',
      at: expect.any(Date) as Date,
      text: 'in a meeting',
      source: 'manual',
    });
    for (const { nodeID } of replicas) expect(await list(['ann'], nodeID)).toEqual({ changes });
  });

  test('says that a node was lost, or a lease was over, or a claim ended', async () => {
    await core.call('newConnection', 'bob', 's', 'a node that nobody knows');
    await core.call('removeLostConnections', 'a node that nobody knows');
    await core.call('setStatus', 'bob', 'away', 'soon back', new Date(Date.now() + 300));
    await eventually(async () => expect((await told(['bob']))[0]).toMatch(/expiry$/));
    expect(await told({ uid: 'bob', cause: ['node-lost', 'expiry'] })).toHaveLength(2);
    expect(await told({ uid: 'bob', cause: 'node-lost' })).toEqual(['online → offline: node-lost']);
  });

  test('goes page by page, newest first, and counts', async () => {
    for (let i = 0; i < 3; i++) {
      await core.call('newConnection', 'cleo', 's', CORE);
      await core.call('removeConnection', 'cleo', 's');
    }
    const { changes: all } = await list({ uid: 'cleo' });
    expect(all).toHaveLength(6);
    const first = await list({ uid: 'cleo', limit: 4 });
    const second = await list({ uid: 'cleo', limit: 4, before: first.next });
    expect([...first.changes, ...second.changes]).toEqual(all);
    expect(second.next).toBeUndefined();
    await expect(core.broker.call('history.count', { uid: 'cleo' })).resolves.toBe(6);
    await expect(core.broker.call('history.count', { uid: 'cleo', status: 'online' })).resolves.toBe(3);
    const { at } = all[3]!;
    const since = await list({ uid: 'cleo', from: at.toISOString() });
    expect(since.changes).toEqual(all.filter((one) => one.at >= at));
    expect((await list({ uid: 'cleo', to: at })).changes).toEqual(all.filter((one) => one.at < at));
  });

  test('of everybody is one list', async () => {
    const { changes } = await list([]);
    const times = changes.map(({ at }) => at.getTime());
    expect(times).toEqual([...times].sort((a, b) => b - a));
    expect(new Set(changes.map(({ uid }) => uid))).toEqual(new Set(['ann', 'bob', 'cleo']));
  });

  test('forgets a user for good, and nobody else', async () => {
    await expect(core.broker.call('history.erase', { uid: 'cleo' })).resolves.toEqual({ uid: 'cleo', erased: 6 });
    await expect(core.broker.call('history.erase', ['cleo'])).resolves.toEqual({ uid: 'cleo', erased: 0 });
    expect(await told(['cleo'])).toEqual([]);
    expect(await told(['ann'])).toHaveLength(4);
  });

  test.each<[unknown, string]>([
    [{ uid: 7 }, 'uid'],
    [{ from: 'yesterday' }, 'from'],
    [{ from: '2026-13-99T00:00:00Z' }, 'from'],
    [{ cause: 'mood' }, 'cause'],
    [{ status: ['online', 'gone'] }, 'status'],
    [{ limit: 0 }, 'limit'],
    [{ limit: 1001 }, 'limit'],
    [{ before: { $gt: '' } }, 'before'],
    [{ before: 'garbage' }, 'before'],
    [{ before: 'zzzzzzzzz' }, 'before'],
    [{ before: '0mi5k8w00:' }, 'before'],
  ])('refuses %p', async (params, field) => {
    await expect(list(params)).rejects.toMatchObject({ type: 'INVALID_ARGUMENT', data: { field } });
  });

  test('erases nothing without being told whom', async () => {
    await expect(core.broker.call('history.erase', {})).rejects.toMatchObject({ type: 'INVALID_ARGUMENT' });
    expect(await told(['ann'])).toHaveLength(4);
  });
});

test('where no history is kept, who asks is told so', async () => {
  const bus = await BusFixture.start();
  try {
    await bus.replica({ nodeID: 'presence-1', env: { HISTORY_RETENTION_DAYS: '0' } });
    const core = await bus.rocketChat(CORE, [], ['presence', 'history']);
    await core.call('newConnection', 'ann', 's1', CORE);
    for (const action of ['history.list', 'history.count']) {
      await expect(core.broker.call(action)).rejects.toMatchObject({ type: 'HISTORY_OFF', code: 409 });
    }
    await expect(core.broker.call('history.erase', ['ann'])).resolves.toEqual({ uid: 'ann', erased: 0 });
  } finally {
    await bus.stop();
  }
});
