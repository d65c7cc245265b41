import type { PresencePage, PresenceStats } from '../../../lib/reads/presence-reads';
import { BusFixture } from '../../helpers/bus-fixture';
import type { RocketChatNode } from '../../helpers/rocket-chat-node';

const CORE = 'core-1';
const END = new Date(Date.now() + 3_600_000);

/** What anybody may read, on either store. */
describe('reads over the bus', () => {
  let bus: BusFixture;
  let core: RocketChatNode;

  beforeAll(async () => {
    bus = await BusFixture.start();
    for (const nodeID of ['presence-1', 'presence-2']) await bus.replica({ nodeID });
    core = await bus.rocketChat(CORE);
    await core.call('upsertUsers', [
      { _id: 'ann', username: 'ann', name: 'Ann Smith', roles: ['admin'] },
      { _id: 'bob', username: 'bob', roles: ['user'] },
      { _id: 'cleo', username: 'cleo', roles: ['admin', 'user'] },
    ]);
    for (const uid of ['ann', 'bob', 'cleo']) await core.call('newConnection', uid, `${uid}/s`, CORE);
    await core.call('setStatus', 'ann', 'busy', 'in a meeting', END);
    await core.call('removeConnection', 'cleo', 'cleo/s');
  });
  afterAll(() => bus.stop());

  test('get tells the presence of one user, and nothing else of him', async () => {
    const startedAt = Date.now();
    const ann = await core.call<Record<string, unknown>>('get', 'ann');
    expect(ann).toEqual({
      uid: 'ann',
      username: 'ann',
      name: 'Ann Smith',
      roles: ['admin'],
      status: 'busy',
      statusConnection: 'online',
      statusText: 'in a meeting',
      statusSource: 'manual',
      statusExpiresAt: END,
      since: expect.any(Date) as Date,
      rev: ann.rev,
    });
    expect((ann.since as Date).getTime()).toBeLessThanOrEqual(startedAt);
    await expect(core.broker.call('presence.get', { uid: 'ann' })).resolves.toEqual(ann);
  });

  test('what was never seen is unknown, with the reason, and not offline', async () => {
    await expect(core.call('get', 'nobody')).resolves.toEqual({
      uid: 'nobody',
      status: 'unknown',
      reason: 'never-seen',
    });
    await expect(core.call('get', 'cleo')).resolves.toMatchObject({ status: 'offline' });
  });

  test('getMany keeps the order asked for, unknown and repeated ids included, at every replica', async () => {
    const asked = ['cleo', 'nobody', 'ann', 'cleo'];
    for (const nodeID of ['presence-1', 'presence-2']) {
      const found = await core.callAt<{ uid: string; status: string }[]>(nodeID, 'getMany', asked);
      expect(found.map(({ uid, status }) => [uid, status])).toEqual([
        ['cleo', 'offline'],
        ['nobody', 'unknown'],
        ['ann', 'busy'],
        ['cleo', 'offline'],
      ]);
    }
  });

  test('getMany answers a thousand, and refuses one more', async () => {
    const uids = Array.from({ length: 1000 }, (_, i) => `u${i}`);
    await expect(core.call('getMany', uids)).resolves.toHaveLength(1000);
    await expect(core.call('getMany', [...uids, 'ann'])).rejects.toMatchObject({
      type: 'INVALID_ARGUMENT',
      data: { field: 'uids' },
    });
  });

  const list = (params: object) => core.broker.call<PresencePage, object>('presence.list', params);
  const idsOf = ({ users }: PresencePage) => users.map(({ uid }) => uid);

  test('list pages through those who fit', async () => {
    expect(idsOf(await list({}))).toEqual(['ann', 'bob', 'cleo']);
    expect(idsOf(await list({ status: 'online' }))).toEqual(['bob']);
    expect(idsOf(await list({ status: ['busy', 'offline'], role: 'admin' }))).toEqual(['ann', 'cleo']);
    expect(idsOf(await list({ since: new Date(Date.now() + 60_000) }))).toEqual([]);
    const first = await list({ limit: 2 });
    expect([idsOf(first), first.next]).toEqual([['ann', 'bob'], 'bob']);
    const second = await list({ limit: 2, after: first.next });
    expect(second).toMatchObject({ users: [{ uid: 'cleo', status: 'offline' }] });
    expect(second).not.toHaveProperty('next');
  });

  test.each([
    [{ status: 'invisible' }, 'status'],
    [{ status: [] }, 'status'],
    [{ since: '2026-99-01T00:00:00Z' }, 'since'],
    [{ since: 'yesterday' }, 'since'],
    [{ limit: 0 }, 'limit'],
    [{ limit: 1001 }, 'limit'],
    [{ after: '' }, 'after'],
  ])('list refuses %j', async (params, field) => {
    await expect(list(params)).rejects.toMatchObject({ type: 'INVALID_ARGUMENT', data: { field } });
  });

  test('stats counts users by status, sessions by instance, and connections', async () => {
    const stats = await core.call<PresenceStats>('stats');
    expect(stats).toMatchObject({
      statuses: { online: 1, away: 0, busy: 1, offline: 1 },
      instances: [{ instanceId: CORE, sessions: 2 }],
      connections: { current: 2, peak: expect.any(Number) as number },
    });
    expect(Math.abs(stats.at.getTime() - Date.now())).toBeLessThan(60_000);
  });

  test('setStatusMany sets each by the rules of setStatus, and one bad item spoils no other', async () => {
    const results = await core.call('setStatusMany', [
      { uid: 'bob', statusDefault: 'away', statusText: ' lunch ' },
      { uid: 'bob', statusDefault: 'asleep' },
      { uid: 'nobody', statusDefault: 'busy', statusExpiresAt: new Date(0) },
      7,
      { uid: 'ann', statusDefault: 'online' },
    ]);
    expect(results).toEqual([
      { uid: 'bob', ok: true, accepted: true },
      { uid: 'bob', ok: false, error: { code: 'INVALID_ARGUMENT', message: expect.any(String) as string } },
      { uid: 'nobody', ok: false, error: { code: 'EXPIRY_NOT_IN_FUTURE', message: expect.any(String) as string } },
      { ok: false, error: { code: 'INVALID_ARGUMENT', message: 'item: must be an object, not the number 7' } },
      { uid: 'ann', ok: true, accepted: true },
    ]);
    await expect(core.call('getMany', ['bob', 'ann'])).resolves.toMatchObject([
      { status: 'away', statusText: 'lunch', statusSource: 'manual' },
      { status: 'online' },
    ]);
  });
});
