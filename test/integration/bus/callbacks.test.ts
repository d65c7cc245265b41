import type { CallbackView, DeliveriesPage, TestResult } from '../../../lib/callbacks/desk';
import { BusFixture } from '../../helpers/bus-fixture';
import { eventually } from '../../helpers/eventually';
import { HookReceiver, inTurn, status } from '../../helpers/hook-receiver';
import type { RocketChatNode } from '../../helpers/rocket-chat-node';

type Registered = CallbackView & { readonly secret: string };
const CORE = 'core-1';
const PRESENT = ['dora', 'emma', 'fred', 'gina', 'hans', 'ida', 'iris', 'jack', 'kim'];
const MANY = Array.from({ length: 150 }, (_, i) => `many-${i}`);
const HOUR = 60 * 60_000;
/** The first pause is up to five seconds. */
const PATIENT = { timeoutMs: 15_000 };

/** Whoever registers an address is told of every change there, on either store, whichever replica is called. */
describe('callbacks over the bus', () => {
  let bus: BusFixture;
  let core: RocketChatNode;
  let shiftMs = 0;
  const receivers: HookReceiver[] = [];
  const registered: string[] = [];

  beforeAll(async () => {
    bus = await BusFixture.start();
    const clock = () => Date.now() + shiftMs;
    for (const nodeID of ['presence-1', 'presence-2']) {
      await bus.replica({ nodeID, clock, env: { CALLBACKS_ALLOW_PRIVATE: 'true', HISTORY_RETENTION_DAYS: '0' } });
    }
    core = await bus.rocketChat(CORE, [], ['presence', 'callbacks']);
    // Who is not there is offline whatever he says.
    for (const uid of [...PRESENT, ...MANY]) await core.call('newConnection', uid, `of ${uid}`, CORE);
  }, 60_000);
  afterEach(async () => {
    shiftMs = 0;
    for (const id of registered.splice(0)) await call('remove', { id });
    for (const receiver of receivers.splice(0)) await receiver.down();
  });
  afterAll(() => bus.stop());

  const call = <T>(action: string, params: object, nodeID?: string) =>
    core.broker.call<T, object>(`callbacks.${action}`, params, { nodeID });

  async function receiver(): Promise<HookReceiver> {
    const one = await HookReceiver.start();
    receivers.push(one);
    return one;
  }

  async function register(target: HookReceiver, fields: object = {}): Promise<Registered> {
    const callback = await call<Registered>('register', { url: target.url, ...fields });
    registered.push(callback.id);
    return callback;
  }

  const setStatus = (uid: string, to: string, text = '') => core.call('setStatus', uid, to, text);
  const statusesOf = (target: HookReceiver, ...expected: string[]) =>
    eventually(() => expect([...target.statuses].sort()).toEqual([...expected].sort()), PATIENT);
  const deliveries = async (id: string, more: object = {}) =>
    (await call<DeliveriesPage>('deliveries', { id, ...more })).deliveries;
  const isEmpty = (id: string) => eventually(async () => expect(await deliveries(id)).toEqual([]), PATIENT);

  test('are told of each change, signed, and nothing is left in the outbox', async () => {
    const target = await receiver();
    const { id, secret, ...shown } = await register(target, { name: 'mine' });
    expect(secret).toMatch(/^whsec_[\w+/]{43}=$/);
    expect(shown).toMatchObject({ url: target.url, name: 'mine', uids: [], statuses: [], concurrency: 4 });
    await core.call('newConnection', 'ann', 's1', CORE);
    await setStatus('ann', 'busy', 'in a meeting');
    await core.call('newConnection', 'ann', 's1', CORE);
    await statusesOf(target, 'ann online', 'ann busy');
    const told = target.told(secret).sort((a, b) => a.rev - b.rev);
    const at = expect.stringMatching(/^\d{4}-.*Z$/) as string;
    expect(told).toEqual([
      { uid: 'ann', rev: 1, at, to: 'online', cause: 'connection' },
      { uid: 'ann', rev: 2, at, from: 'online', to: 'busy', text: 'in a meeting', source: 'manual', cause: 'claim' },
    ]);
    const { headers, body } = target.received[0]!;
    expect(headers).toMatchObject({
      'content-type': 'application/json',
      'webhook-id': expect.stringMatching(/^msg_\w/),
    });
    const { data, ...content } = JSON.parse(body) as { data: { at: string } };
    expect(content).toEqual({ type: 'presence.changed', timestamp: data.at });
    await isEmpty(id);
  });

  test('get only what they ask for: users, statuses', async () => {
    const [all, ofBob, away] = [await receiver(), await receiver(), await receiver()];
    await register(all);
    await register(ofBob, { uids: ['bob'] });
    const { id } = await register(away, { statuses: ['away', 'offline'] });
    await core.call('newConnection', 'bob', 's', CORE);
    await setStatus('bob', 'away');
    await core.call('newConnection', 'cleo', 's', CORE);
    await statusesOf(all, 'bob online', 'bob away', 'cleo online');
    await statusesOf(ofBob, 'bob online', 'bob away');
    await statusesOf(away, 'bob away');
    await call('update', { id, statuses: [], uids: ['cleo'] });
    await setStatus('cleo', 'busy');
    await setStatus('bob', 'busy');
    await statusesOf(all, 'bob online', 'bob away', 'cleo online', 'cleo busy', 'bob busy');
    await statusesOf(away, 'bob away', 'cleo busy');
  });

  test('are listed, shown, changed and removed, by any replica and never with a secret', async () => {
    const target = await receiver();
    const { secret, ...view } = await register(target, { name: 'one', concurrency: 2 });
    const { id } = view;
    for (const nodeID of ['presence-1', 'presence-2']) {
      expect(await call('get', { id }, nodeID)).toEqual(view);
      expect(await call('list', {}, nodeID)).toEqual({ callbacks: [view] });
    }
    const updated = await call<CallbackView>('update', { id, name: '', url: `${target.url}?2`, concurrency: 16 });
    const { name: _gone, ...unnamed } = { ...view, url: `${target.url}?2`, concurrency: 16 };
    expect(updated).toEqual(unnamed);
    expect(JSON.stringify([await call('list', {}), updated, await call('pause', { id })])).not.toContain(secret);
    expect(await call('remove', { id })).toBe(true);
    expect(await call('remove', { id })).toBe(false);
    for (const action of ['get', 'update', 'test', 'rotateSecret', 'pause', 'resume', 'deliveries']) {
      await expect(call(action, { id })).rejects.toMatchObject({ type: 'UNKNOWN_CALLBACK', code: 404 });
    }
    await setStatus('dora', 'busy');
    expect(target.received).toEqual([]);
  });

  test('are tried by a signed message, at once', async () => {
    const target = await receiver();
    const { id, secret } = await register(target);
    expect(await call<TestResult>('test', { id })).toMatchObject({ ok: true, status: 200, tookMs: expect.any(Number) });
    expect(JSON.parse(target.received[0]!.body)).toMatchObject({ type: 'presence.test', data: { callback: id } });
    expect(target.told(secret)).toEqual([{ callback: id }]);
    target.answer = status(302, { location: 'http://169.254.169.254/' });
    expect(await call('test', { id })).toMatchObject({ ok: false, status: 302 });
    await target.down();
    expect(await call('test', { id })).toMatchObject({ ok: false, error: 'ECONNREFUSED' });
  });

  test('have two secrets for a day after a rotation', async () => {
    const target = await receiver();
    const { id, secret } = await register(target);
    const rotated = await call<{ secret: string }>('rotateSecret', { id });
    expect(rotated.secret).not.toBe(secret);
    await setStatus('emma', 'busy');
    await statusesOf(target, 'emma busy');
    expect(target.told(secret)).toEqual(target.told(rotated.secret));
    shiftMs = 25 * HOUR;
    await call('test', { id });
    const signatures = (i: number) => target.received.at(i)!.headers['webhook-signature']!.split(' ').length;
    expect([signatures(0), signatures(-1)]).toEqual([2, 1]);
  });

  test('get what changed while they were paused when they are resumed', async () => {
    const target = await receiver();
    const { id } = await register(target);
    expect(await call('pause', { id })).toMatchObject({ state: 'paused', pausedBecause: 'asked' });
    await setStatus('fred', 'busy');
    await setStatus('fred', 'away');
    expect(await deliveries(id)).toMatchObject([
      { uid: 'fred', to: 'busy', attempts: 0, state: 'waiting' },
      { uid: 'fred', to: 'away', attempts: 0, state: 'waiting' },
    ]);
    expect(await call('get', { id })).toMatchObject({ waiting: 2, parked: 0 });
    expect(target.received).toEqual([]);
    expect(await call('resume', { id })).toMatchObject({ state: 'active' });
    await statusesOf(target, 'fred busy', 'fred away');
  });

  test('are tried again after a failure, under the same id', async () => {
    const target = await receiver();
    target.answer = inTurn(status(500), status(200));
    const { id, secret } = await register(target);
    await setStatus('gina', 'busy');
    await eventually(() => expect(target.received).toHaveLength(2), PATIENT);
    expect(new Set(target.received.map((one) => one.id)).size).toBe(1);
    expect(new Set(target.received.map(({ body }) => body)).size).toBe(1);
    expect(target.told(secret)).toHaveLength(2);
    await isEmpty(id);
  });

  test('that say 410 are paused, and lose nothing', async () => {
    const target = await receiver();
    target.answer = inTurn(status(410), status(200));
    const { id } = await register(target);
    await setStatus('hans', 'busy');
    await eventually(async () => {
      expect(await call('get', { id })).toMatchObject({ state: 'paused', pausedBecause: 'gone', waiting: 1 });
    }, PATIENT);
    expect(target.received).toHaveLength(1);
    await call('resume', { id });
    await isEmpty(id);
    expect(target.statuses).toEqual(['hans busy']);
  });

  test('that ask for patience get it', async () => {
    const target = await receiver();
    target.answer = inTurn(status(503, { 'retry-after': '3600' }), status(200));
    const { id } = await register(target, { concurrency: 1, uids: ['ida'] });
    await setStatus('ida', 'busy');
    await eventually(async () => expect(await deliveries(id)).toMatchObject([{ attempts: 1, lastError: 'HTTP 503' }]));
    const [held] = await deliveries(id);
    expect(held!.dueAt!.getTime() - Date.now()).toBeGreaterThan(0.99 * HOUR);
    await setStatus('ida', 'away');
    await eventually(async () => expect(await deliveries(id)).toHaveLength(2));
    shiftMs = 0.9 * HOUR;
    const quick = await receiver();
    await register(quick, { uids: ['iris'] });
    await setStatus('iris', 'busy');
    await statusesOf(quick, 'iris busy'); // whoever delivers has looked since
    expect(target.received).toHaveLength(1);
    shiftMs = 1.01 * HOUR;
    await isEmpty(id);
    expect(target.statuses).toEqual(['ida busy', 'ida away']);
  });

  test('that are slow delay nobody else', async () => {
    const [slow, quick] = [await receiver(), await receiver()];
    slow.answer = () => undefined; // never
    await register(slow, { concurrency: 2 });
    const { id } = await register(quick);
    await Promise.all(MANY.map((uid) => setStatus(uid, 'busy')));
    await eventually(() => expect(new Set(quick.statuses)).toEqual(new Set(MANY.map((uid) => `${uid} busy`))), PATIENT);
    expect(slow.received).toHaveLength(2);
    await isEmpty(id);
  });

  test('are given up after a day, shown so, and tried again on demand', async () => {
    const target = await receiver();
    target.answer = status(500);
    const { id } = await register(target);
    await setStatus('jack', 'busy');
    await eventually(async () => expect(await deliveries(id)).toMatchObject([{ attempts: 1 }]));
    shiftMs = 24 * HOUR + 60_000;
    await eventually(async () => expect(await deliveries(id)).toMatchObject([{ state: 'parked' }]), PATIENT);
    const [parked] = await deliveries(id, { state: 'parked' });
    expect(parked).toMatchObject({ uid: 'jack', to: 'busy', attempts: 2, lastError: 'HTTP 500' });
    expect(await deliveries(id, { state: 'waiting' })).toEqual([]);
    expect(await call('get', { id })).toMatchObject({ waiting: 0, parked: 1 });
    target.answer = status(200);
    expect(await call('retry', { id, delivery: 'no such' })).toBe(false);
    expect(await call('retry', { id, delivery: parked!.id })).toBe(true);
    await isEmpty(id);
    expect(new Set(target.received.map((one) => one.id)).size).toBe(1);
  });

  test('show their deliveries a page at a time', async () => {
    const { id } = await register(await receiver());
    await call('pause', { id });
    for (const to of ['busy', 'away', 'offline']) await setStatus('kim', to);
    const first = await call<DeliveriesPage>('deliveries', { id, limit: 2 });
    const second = await call<DeliveriesPage>('deliveries', { id, limit: 2, after: first.next });
    expect([...first.deliveries, ...second.deliveries].map(({ to }) => to)).toEqual(['busy', 'away', 'offline']);
    expect(second.next).toBeUndefined();
    expect(await deliveries(id, { state: 'delivered' })).toEqual([]);
  });

  test.each<[object, string]>([
    [{}, 'url'],
    [{ url: 7 }, 'url'],
    [{ url: 'https://a.example', uids: 'ann' }, 'uids'],
    [{ url: 'https://a.example', statuses: ['gone'] }, 'statuses[0]'],
    [{ url: 'https://a.example', concurrency: 17 }, 'concurrency'],
    [{ url: 'https://a.example', concurrency: 0 }, 'concurrency'],
  ])('refuses to register %j', async (params, field) => {
    await expect(call('register', params)).rejects.toMatchObject({ type: 'INVALID_ARGUMENT', data: { field } });
  });

  test.each(['ftp://a.example', 'nonsense', 'https://ann:secret@a.example'])('refuses the target %s', async (url) => {
    const refused = call('register', { url });
    await expect(refused).rejects.toMatchObject({ type: 'TARGET_REFUSED', code: 422, data: { field: 'url' } });
    await expect(refused).rejects.not.toThrow(/secret/);
  });
});
