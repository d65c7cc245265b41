import { WEEKDAYS } from '../../domain/schedule';
import { eventually } from './eventually';
import type { ApiNode } from './api-node';
import type { ContractBook } from './contract-book';
import { status, type HookReceiver } from './hook-receiver';

const LATER = new Date(Date.now() + 3_600_000).toISOString();
/** Three days from now in any time zone, give or take one: never running, whenever the suite runs. */
const FAR_DAY = WEEKDAYS[(new Date(Date.now() + 3 * 24 * 3_600_000).getUTCDay() + 6) % 7]!;
const WEEKLY = { days: [FAR_DAY], from: '22:00', to: '06:00' };

/** Users of every kind: there and away, busy with an end and a text, with claims that wait, a bot, one nobody has seen. */
async function populate(node: ApiNode): Promise<void> {
  for (const uid of ['ann', 'bob', 'cleo']) await node.call('newConnection', uid, `${uid}/s`, 'core-1');
  await node.call('setConnectionStatus', 'cleo', 'away', 'cleo/s');
  await node.call('updateConnection', 'cleo', 'cleo/s');
  const call = { statusDefault: 'busy', statusSource: 'external', statusText: 'in a call', statusId: 'call-1' };
  await node.call('setActiveState', 'bob', { ...call, statusExpiresAt: new Date(LATER) });
  await node.call('setActiveState', 'bob', { ...call, statusSource: 'internal', statusId: 'meeting' });
}

/** Uses every operation as it is meant, in every form that has a shape of its own. */
export async function useEverything(book: ContractBook, node: ApiNode, receiver: HookReceiver): Promise<void> {
  await writes(book, node);
  await populate(node);
  await schedules(book, node);
  await reads(book, node);
  await callbacks(book, node, receiver);
  for (const removed of [true, false]) {
    expect((await book.call(node, 'removeUser', { in: { uid: 'bot' } })).json()).toEqual({ uid: 'bot', removed });
  }
  await outside(book, node);
  await readsOfWhatIsTheSame(book, node);
}

async function writes(book: ContractBook, node: ApiNode): Promise<void> {
  const users = [
    { _id: 'ann', username: 'ann', name: 'Ann Smith', roles: ['admin'] },
    { _id: 'bot', type: 'bot' },
  ];
  const upserted = await book.call(node, 'upsertUsers', { body: { users: [...users, { _id: '' }, 'nobody'] } });
  expect(upserted.json().results).toMatchObject([
    { ok: true, created: true },
    { ok: true },
    { ok: false },
    { ok: false },
  ]);
  const set = await book.call(node, 'setStatus', { body: { status: 'busy', text: 'in a meeting', expiresAt: LATER } });
  expect(set.json()).toEqual({ accepted: true });
  const items = [
    { uid: 'bot', status: 'away' },
    { uid: 'ann', status: 'none' },
    { uid: 'disabled', status: 'busy' },
    null,
  ];
  const many = await book.call(node, 'setStatusMany', { body: { items: [...items, { uid: 'ann', status: 'busy' }] } });
  expect(many.json().results).toEqual([
    { uid: 'bot', ok: true, accepted: true },
    {
      uid: 'ann',
      ok: false,
      error: { code: 'INVALID_ARGUMENT', message: expect.stringMatching(/^status: /) as string },
    },
    {
      uid: 'disabled',
      ok: false,
      error: { code: 'PRESENCE_DISABLED', message: expect.stringMatching(/\S/) as string },
    },
    { ok: false, error: { code: 'INVALID_ARGUMENT', message: expect.stringMatching(/object/) as string } },
    { uid: 'ann', ok: true, accepted: true },
  ]);
}

async function schedules(book: ContractBook, node: ApiNode): Promise<void> {
  const once = { status: 'away', text: 'at lunch', startsAt: new Date().toISOString(), endsAt: LATER };
  const added = await book.call(node, 'addSchedule', { body: once });
  const weekly = { status: 'busy', weekly: WEEKLY, timeZone: 'Europe/Berlin' };
  await book.call(node, 'addSchedule', { body: weekly });
  // Until the first of them holds.
  const isRunning = async () => {
    const { schedules: known } = (await book.call(node, 'listSchedules')).json<{ schedules: { running?: object }[] }>();
    expect(known.map(({ running }) => running !== undefined)).toEqual(expect.arrayContaining([true, false]));
  };
  await eventually(isRunning);
  await book.call(node, 'explainUser');
  const { id } = added.json<{ id: string }>();
  expect(added.headers.location).toBe(`/api/v1/users/ann/schedules/${id}`);
  const cancelled = await book.call(node, 'cancelSchedule', { in: { id } });
  expect(cancelled.json()).toEqual({ cancelled: true });
  const again = await book.call(node, 'cancelSchedule', { in: { id } });
  expect(again.json()).toEqual({ cancelled: false });
}

async function reads(book: ContractBook, node: ApiNode): Promise<void> {
  for (const uid of ['ann', 'bob', 'cleo', 'bot', 'nobody']) {
    const { status: shown } = (await book.call(node, 'getUser', { in: { uid } })).json();
    expect(shown === 'unknown').toBe(uid === 'nobody');
    for (const id of ['getClaims', 'explainUser', 'userActivity']) await book.call(node, id, { in: { uid } });
  }
  const found = await book.call(node, 'queryUsers', { body: { uids: ['bob', 'nobody', 'ann'] } });
  expect(found.json().users).toMatchObject([{ uid: 'bob' }, { uid: 'nobody', status: 'unknown' }, { uid: 'ann' }]);
  const listed = await book.call(node, 'listUsers', { query: '?status=busy&status=away,online&limit=2' });
  expect(listed.json()).toMatchObject({ users: [{ uid: 'ann' }, { uid: 'bob' }], next: 'bob' });
  await book.call(node, 'listUsers', { query: `?role=admin&since=2020-01-01T00:00:00Z` });
  const counted = await book.call(node, 'countHistory', { query: '?uid=bob&cause=claim,connection' });
  expect(counted.json().count).toBeGreaterThan(0);
  for (const query of ['', '?limit=1', '?cause=claim&status=busy&from=2020-01-01T00:00:00Z']) {
    await book.call(node, 'listHistory', { query });
  }
  for (const query of ['', '?timeZone=Asia/Kathmandu']) await book.call(node, 'activitySummary', { query });
  await book.call(node, 'getStats');
  expect((await book.call(node, 'getMe')).json()).toEqual({ name: 'reader', scope: 'read' });
  expect((await book.call(node, 'listReplicas')).json().replicas).toMatchObject([{ here: true, leader: true }]);
  const erased = await book.call(node, 'eraseHistory', { in: { uid: 'bob' } });
  expect(erased.json()).toMatchObject({ uid: 'bob', erased: expect.any(Number) as number });
}

async function callbacks(book: ContractBook, node: ApiNode, receiver: HookReceiver): Promise<void> {
  const bare = await book.call(node, 'registerCallback', { body: { url: receiver.url } });
  await book.call(node, 'removeCallback', { in: { id: bare.json<{ id: string }>().id } });
  const body = { url: receiver.url, name: 'CRM', uids: ['ann', 'bob'], statuses: ['busy', 'offline'], concurrency: 1 };
  const registered = await book.call(node, 'registerCallback', { body });
  const { id } = registered.json<{ id: string }>();
  expect(registered.headers.location).toBe(`/api/v1/callbacks/${id}`);
  receiver.answer = status(500);
  for (const uid of ['ann', 'bob']) await node.call('removeConnection', uid, `${uid}/s`);
  await eventually(async () => {
    const page = await book.call(node, 'listDeliveries', { in: { id }, query: '?state=waiting&limit=1' });
    const tried = { attempts: 1, lastError: expect.stringContaining('500') as string };
    expect(page.json()).toMatchObject({ deliveries: [tried], next: expect.stringMatching(/^msg_/) as string });
    expect(page.headers.link).toMatch(/after=msg_\w+.*>; rel="next"$/);
  });
  const { deliveries } = (await book.call(node, 'listDeliveries', { in: { id } })).json<{
    deliveries: { id: string }[];
  }>();
  const delivery = deliveries[0]!.id;
  expect((await book.call(node, 'testCallback', { in: { id } })).json()).toMatchObject({ ok: false, status: 500 });
  receiver.answer = status(204);
  expect((await book.call(node, 'testCallback', { in: { id } })).json()).toMatchObject({ ok: true, status: 204 });
  expect((await book.call(node, 'pauseCallback', { in: { id } })).json().pausedBecause).toBe('asked');
  for (const one of [delivery, 'msg_none']) {
    const retried = await book.call(node, 'retryDelivery', { in: { id, delivery: one } });
    expect(retried.json()).toEqual({ found: one === delivery });
  }
  expect((await book.call(node, 'resumeCallback', { in: { id } })).json().state).toBe('active');
  await book.call(node, 'rotateSecretCallback', { in: { id } });
  const updated = await book.call(node, 'updateCallback', { in: { id }, body: { name: '', uids: [] } });
  expect(updated.json()).toMatchObject({ uids: [], statuses: ['busy', 'offline'] });
  expect((await book.call(node, 'getCallback', { in: { id } })).json()).toMatchObject({ id });
  expect((await book.call(node, 'listCallbacks')).json().callbacks).toMatchObject([{ id }]);
  for (const removed of [true, false]) {
    expect((await book.call(node, 'removeCallback', { in: { id } })).json()).toEqual({ removed });
  }
}

async function outside(book: ContractBook, node: ApiNode): Promise<void> {
  expect((await book.call(node, 'getHealth')).text).toBe('ok');
  const reasons = await book.call(node, 'getHealth', { headers: { accept: 'application/json' } });
  expect(reasons.json()).toMatchObject({ healthy: true, bus: 'none', store: 'there', role: 'owner' });
  expect((await book.call(node, 'getMetrics')).text).toContain('# TYPE');
}

/** Nothing is sent twice to whoever has it already. */
async function readsOfWhatIsTheSame(book: ContractBook, node: ApiNode): Promise<void> {
  const { id } = (await book.call(node, 'registerCallback', { body: { url: 'http://127.0.0.1:1/' } })).json<{
    id: string;
  }>();
  for (const known of book.operations.filter(({ answers }) => answers.includes('304'))) {
    const call = { in: { id, uid: 'nobody' } };
    const { headers } = await book.call(node, known.id, call);
    const same = await book.call(node, known.id, { ...call, headers: { 'if-none-match': headers.etag } });
    expect([known.id, same.status, same.headers.etag]).toEqual([known.id, 304, headers.etag]);
  }
  await book.call(node, 'removeCallback', { in: { id } });
}
