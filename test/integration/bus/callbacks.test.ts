import type { DeliveriesPage, TestResult, CallbackView } from '../../../lib/callbacks/desk';
import { callbackFixture, CORE, HOUR, isTold } from '../../helpers/callback-fixture';
import { status } from '../../helpers/hook-receiver';

/** Whoever registers an address is told of every change there, on either store, whichever replica is called. */
describe('callbacks over the bus', () => {
  const fixture = callbackFixture(['dora', 'emma', 'fred', 'kim']);
  const { call, receiver, register, setStatus, deliveries, isEmpty } = fixture;

  test('are told of each change, signed, and nothing is left in the outbox', async () => {
    const target = await receiver();
    const { id, secret, ...shown } = await register(target, { name: 'mine' });
    expect(secret).toMatch(/^whsec_[\w+/]{43}=$/);
    expect(shown).toMatchObject({ url: target.url, name: 'mine', uids: [], statuses: [], concurrency: 4 });
    await fixture.core.call('newConnection', 'ann', 's1', CORE);
    await setStatus('ann', 'busy', 'in a meeting');
    await fixture.core.call('newConnection', 'ann', 's1', CORE);
    await isTold(target, 'ann online', 'ann busy');
    const told = target.told(secret).sort((a, b) => a.rev - b.rev);
    const at: unknown = expect.stringMatching(/^\d{4}-.*Z$/) as string;
    expect(told).toEqual([
      { uid: 'ann', rev: 1, at, to: 'online', cause: 'connection' },
      { uid: 'ann', rev: 2, at, from: 'online', to: 'busy', text: 'in a meeting', source: 'manual', cause: 'claim' },
    ]);
    const { headers, body } = target.received[0]!;
    expect(headers).toMatchObject({
      'content-type': 'application/json',
      'webhook-id': expect.stringMatching(/^msg_\w/) as string,
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
    await fixture.core.call('newConnection', 'bob', 's', CORE);
    await setStatus('bob', 'away');
    await fixture.core.call('newConnection', 'cleo', 's', CORE);
    await isTold(all, 'bob online', 'bob away', 'cleo online');
    await isTold(ofBob, 'bob online', 'bob away');
    await isTold(away, 'bob away');
    await call('update', { id, statuses: [], uids: ['cleo'] });
    await setStatus('cleo', 'busy');
    await setStatus('bob', 'busy');
    await isTold(all, 'bob online', 'bob away', 'cleo online', 'cleo busy', 'bob busy');
    await isTold(away, 'bob away', 'cleo busy');
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
    expect(updated).toEqual({ ...view, name: undefined, url: `${target.url}?2`, concurrency: 16 });
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
    expect(await call<TestResult>('test', { id })).toMatchObject({
      ok: true,
      status: 200,
      tookMs: expect.any(Number) as number,
    });
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
    await isTold(target, 'emma busy');
    expect(target.told(secret)).toEqual(target.told(rotated.secret));
    fixture.shiftMs = 25 * HOUR;
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
    await isTold(target, 'fred busy', 'fred away');
  });

  test('show their deliveries a page at a time', async () => {
    const { id } = await register(await receiver());
    await call('pause', { id });
    for (const to of ['busy', 'away', 'offline']) await setStatus('kim', to);
    const first = await call<DeliveriesPage>('deliveries', { id, limit: 2 });
    const second = await call<DeliveriesPage>('deliveries', { id, limit: 2, after: first.next });
    expect([...first.deliveries, ...second.deliveries].map(({ to }) => to)).toEqual(['busy', 'away', 'offline']);
    expect(second.next).toBeUndefined();
    await expect(deliveries(id, { state: 'delivered' })).rejects.toMatchObject({
      type: 'INVALID_ARGUMENT',
      data: { field: 'state', reason: expect.stringMatching(/^must be one of waiting, parked, not/) as string },
    });
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
