import { CallbackDesk, MAX_CALLBACKS, type CallbackDeskOptions } from '../../../lib/callbacks/desk';
import type { PresenceError } from '../../../lib/wire/errors';
import { EmbeddedCallbacks } from '../../../lib/store/embedded-callbacks';
import { callback, delivery } from '../../helpers/callback-builders';
import { NOW } from '../../helpers/presence-builders';

const URL_A = 'https://a.example/hook';

function given(options: Partial<CallbackDeskOptions> = {}) {
  const store = new EmbeddedCallbacks(() => undefined);
  const steps: string[] = [];
  const desk = new CallbackDesk({
    store,
    clock: () => NOW,
    allowPrivate: false,
    post: async ({ url }) => ({ ok: true, status: 200, error: url }),
    onChanged: async () => void steps.push('changed'),
    everywhere: async () => void steps.push('everywhere'),
    ...options,
  });
  return { store, desk, steps };
}

describe('the desk for callbacks', () => {
  test('takes no more than there may be', async () => {
    const { store, desk } = given();
    for (let i = 0; i < MAX_CALLBACKS; i++) await store.add(callback(`c${i}`));
    await expect(desk.register({ url: URL_A })).rejects.toMatchObject({ type: 'TOO_MANY_CALLBACKS', code: 409 });
    await desk.remove('c7');
    await expect(desk.register({ url: URL_A })).resolves.toMatchObject({ url: URL_A, state: 'active' });
  });

  test('takes no more than there may be when they come at once; none waits until another is known', async () => {
    const { store, desk } = given({ everywhere: () => new Promise(() => undefined) });
    for (let i = 2; i < MAX_CALLBACKS; i++) await store.add(callback(`c${i}`));
    const refused = [1, 2, 3, 4, 5].map(() => desk.register({ url: URL_A }).catch(({ type }: PresenceError) => type));
    await expect(Promise.all(refused.slice(2))).resolves.toEqual(Array(3).fill('TOO_MANY_CALLBACKS'));
    expect(await store.all()).toHaveLength(MAX_CALLBACKS);
  });

  test.each(['http://a.example/', 'https://10.0.0.1/', 'https://localhost/', 'ftp://a.example/'])(
    'refuses the target %s, new or changed',
    async (url) => {
      const { desk, store } = given();
      const refused = { type: 'TARGET_REFUSED', code: 422, data: { field: 'url' } };
      await expect(desk.register({ url })).rejects.toMatchObject(refused);
      await store.add(callback('c1'));
      await expect(desk.update('c1', { url })).rejects.toMatchObject(refused);
      expect(await store.all()).toEqual([callback('c1')]);
    },
  );

  test('answers a registration, and what widens one, when every replica goes by it', async () => {
    const { desk, steps } = given();
    const { id } = await desk.register({ url: URL_A });
    expect(steps.splice(0)).toEqual(['changed', 'everywhere']);
    await desk.update(id, { uids: [] });
    expect(steps.splice(0)).toEqual(['changed', 'everywhere']);
    await desk.pause(id);
    await desk.resume(id);
    await desk.rotateSecret(id);
    await desk.remove(id);
    expect(steps).toEqual(['changed', 'changed', 'changed', 'changed']);
  });

  test('loses no change of two made at once', async () => {
    const { desk } = given();
    const { id } = await desk.register({ url: URL_A });
    await Promise.all([desk.update(id, { name: 'new' }), desk.update(id, { concurrency: 9 }), desk.pause(id)]);
    expect(await desk.get(id)).toMatchObject({ name: 'new', concurrency: 9, state: 'paused' });
  });

  test('pauses what is gone, unless it goes elsewhere by now', async () => {
    const { store, desk } = given();
    const { id } = await desk.register({ url: URL_A });
    const before = (await store.find(id))!;
    await desk.update(id, { url: 'https://b.example/' });
    await desk.gone(before);
    expect(await desk.get(id)).toMatchObject({ state: 'active' });
    await desk.gone((await store.find(id))!);
    expect(await desk.get(id)).toMatchObject({ state: 'paused', pausedBecause: 'gone' });
    await desk.remove(id);
    await expect(desk.gone(before)).resolves.toBeUndefined();
  });

  test('says that what somebody paused is paused because of that, whatever its target says', async () => {
    const { store, desk } = given();
    const { id } = await desk.register({ url: URL_A });
    await desk.pause(id);
    await desk.gone((await store.find(id))!);
    expect(await desk.get(id)).toMatchObject({ pausedBecause: 'asked' });
  });

  test('shows a secret twice only: when it is made', async () => {
    const { desk, store } = given();
    const { id, secret } = await desk.register({ url: URL_A, name: 'x' });
    const rotated = await desk.rotateSecret(id);
    await store.put([delivery('m1', { callback: id })]);
    const shown = JSON.stringify([
      ...[await desk.get(id), await desk.list(), await desk.pause(id), await desk.resume(id)],
      ...[await desk.update(id, { name: '' }), await desk.deliveries(id, {}), await desk.test(id)],
    ]);
    for (const one of [secret, rotated.secret]) expect(shown).not.toContain(one.slice('whsec_'.length));
    expect(shown).toContain(id);
  });
});
