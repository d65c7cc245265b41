import { callbackFixture, HOUR, isTold, PATIENT } from '../../helpers/callback-fixture';
import { eventually } from '../../helpers/eventually';
import { inTurn, status } from '../../helpers/hook-receiver';

const MANY = Array.from({ length: 150 }, (_, i) => `many-${i}`);

/** Whatever a target answers, or does not, it gets what it was promised, and nobody waits for it. */
describe('callbacks whose target fails', () => {
  const fixture = callbackFixture(['gina', 'hans', 'ida', 'iris', 'jack', ...MANY]);
  const { call, receiver, register, setStatus, deliveries, isEmpty } = fixture;

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
    fixture.shiftMs = 0.9 * HOUR;
    const quick = await receiver();
    await register(quick, { uids: ['iris'] });
    await setStatus('iris', 'busy');
    await isTold(quick, 'iris busy'); // whoever delivers has looked since
    expect(target.received).toHaveLength(1);
    fixture.shiftMs = 1.01 * HOUR;
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
    fixture.shiftMs = 24 * HOUR + 60_000;
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
});
