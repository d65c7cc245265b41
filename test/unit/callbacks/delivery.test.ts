import type { OutboxRow } from '../../../domain/callbacks';
import { ROOM } from '../../../lib/callbacks/lane';
import { PresenceError } from '../../../lib/wire/errors';
import { callback, delivery } from '../../helpers/callback-builders';
import { DelivererFixture, failed, OK } from '../../helpers/deliverer-fixture';
import { eventually } from '../../helpers/eventually';
import { MINUTE, NOW, SECOND } from '../../helpers/presence-builders';

const rowsOf = (name: string, count: number, fields: Partial<OutboxRow> = {}) =>
  Array.from({ length: count }, (_, i) =>
    delivery(`${name}-${String(i).padStart(5, '0')}`, { callback: name, ...fields }),
  );

describe('delivering', () => {
  test('sends what is due and lets go of it', async () => {
    const fixture = new DelivererFixture([callback('c1')]);
    fixture.answers = () => OK;
    await fixture.store.put([...rowsOf('c1', 3), delivery('later', { dueAt: new Date(NOW + SECOND) })]);
    await fixture.deliverer.look();
    await eventually(async () => expect((await fixture.left('c1')).map(({ _id }) => _id)).toEqual(['later']));
    expect(fixture.outcomes).toEqual(['delivered', 'delivered', 'delivered']);
    fixture.nowMs += SECOND;
    await fixture.deliverer.look();
    await eventually(async () => expect(await fixture.left('c1')).toEqual([]));
    expect(fixture.ids()).toHaveLength(4);
  });

  test('works off a backlog of any length, each once, with no more at once than the target wants', async () => {
    const fixture = new DelivererFixture([callback('c1', { concurrency: 3 }), callback('c2', { concurrency: 16 })]);
    const backlog = [...rowsOf('c1', 5 * ROOM + 7), ...rowsOf('c2', 3 * ROOM)];
    await fixture.store.put(backlog);
    await fixture.deliverer.look();
    let answered = 0;
    const most = new Map<string, number>();
    while (answered < backlog.length) {
      await eventually(() => expect(fixture.attempts.length).toBeGreaterThan(answered));
      const underWay = fixture.attempts.slice(answered);
      for (const name of ['c1', 'c2']) {
        const busy = underWay.filter((one) => one.callback._id === name).length;
        most.set(name, Math.max(most.get(name) ?? 0, busy));
      }
      for (const one of underWay) one.answer(OK);
      answered += underWay.length;
    }
    await eventually(async () => expect([await fixture.left('c1'), await fixture.left('c2')]).toEqual([[], []]));
    expect(Object.fromEntries(most)).toEqual({ c1: 3, c2: 16 });
    expect([...fixture.ids()].sort()).toEqual(backlog.map(({ _id }) => _id).sort());
  });

  test('of a target that does not answer delays no other, however much waits for it', async () => {
    const fixture = new DelivererFixture([callback('slow', { concurrency: 2 }), callback('quick')]);
    await fixture.store.put(rowsOf('slow', 10 * ROOM, { dueAt: new Date(NOW - MINUTE) }));
    await fixture.store.put(rowsOf('quick', 2 * ROOM));
    await fixture.deliverer.look();
    const quick = () => fixture.attempts.filter(({ callback: { _id } }) => _id === 'quick');
    for (let i = 0; i < 2 * ROOM; i++) {
      await eventually(() => expect(quick().length).toBeGreaterThan(i));
      quick()[i]!.answer(OK);
    }
    await eventually(async () => expect(await fixture.left('quick')).toEqual([]));
    expect(fixture.attempts.length - quick().length).toBe(2);
  });

  test('tries again what failed when it is due, and parks it after a day', async () => {
    const fixture = new DelivererFixture([callback('c1')]);
    fixture.answers = () => failed(500);
    await fixture.store.put([delivery('m1')]);
    await fixture.deliverer.look();
    await eventually(async () => expect(await fixture.left('c1')).toMatchObject([{ attempts: 1 }]));
    await fixture.deliverer.look();
    fixture.nowMs = NOW + 2.5 * SECOND - 1;
    await fixture.deliverer.look();
    expect(fixture.ids()).toEqual(['m1']);
    fixture.nowMs = NOW + 24 * 60 * MINUTE;
    await fixture.deliverer.look();
    await eventually(async () => expect(await fixture.left('c1')).toMatchObject([{ attempts: 2, state: 'parked' }]));
    await fixture.deliverer.look();
    expect(fixture.ids()).toEqual(['m1', 'm1']);
    expect(fixture.outcomes).toEqual(['failed', 'parked']);
  });

  test('waits with all of a target that asks for patience, until it is over or somebody hurries', async () => {
    const fixture = new DelivererFixture([callback('c1', { concurrency: 1 })]);
    const answers = [failed(503, { retryAfterMs: MINUTE }), failed(429, { retryAfterMs: MINUTE }), OK];
    fixture.answers = () => answers.shift() ?? OK;
    await fixture.store.put([delivery('m1'), delivery('m2'), delivery('m3')]);
    await fixture.deliverer.look();
    await eventually(async () => expect((await fixture.left('c1'))[0]).toMatchObject({ attempts: 1 }));
    fixture.nowMs = NOW + MINUTE - 1;
    await fixture.deliverer.look();
    expect(fixture.ids()).toEqual(['m1']);
    fixture.nowMs = NOW + MINUTE;
    await fixture.deliverer.look();
    await eventually(async () => expect((await fixture.left('c1'))[1]).toMatchObject({ attempts: 1 }));
    expect(fixture.ids()).toEqual(['m1', 'm2']);
    fixture.deliverer.hurry('c1');
    await fixture.deliverer.look();
    await eventually(async () => {
      await fixture.deliverer.look(); // m1 is due too, once there is room for it
      expect((await fixture.left('c1')).map(({ _id }) => _id)).toEqual(['m2']);
    });
    expect(fixture.ids()).toEqual(['m1', 'm2', 'm3', 'm1']);
  });

  test('stops at 410 Gone, and tells', async () => {
    const fixture = new DelivererFixture([callback('c1', { concurrency: 1 })]);
    fixture.answers = () => failed(410);
    await fixture.store.put([delivery('m1'), delivery('m2')]);
    await fixture.deliverer.look();
    await eventually(async () => expect((await fixture.left('c1'))[0]).toMatchObject({ attempts: 1 }));
    expect([fixture.gone, fixture.ids(), fixture.outcomes]).toEqual([['c1'], ['m1'], ['gone']]);
  });

  test('sends nothing that is paused, gone, or another replica’s to send', async () => {
    const fixture = new DelivererFixture([callback('c1', { paused: 'asked' })]);
    fixture.answers = () => OK;
    await fixture.store.put([delivery('m1'), delivery('m2', { callback: 'removed' })]);
    await fixture.deliverer.look();
    fixture.callbacks = [callback('c1')];
    fixture.mayDeliver = false;
    await fixture.deliverer.look();
    expect(fixture.ids()).toEqual([]);
    fixture.mayDeliver = true;
    await fixture.deliverer.look();
    await eventually(async () => expect(await fixture.left('c1')).toEqual([]));
    expect(fixture.ids()).toEqual(['m1']);
  });

  test('is not done again while it cannot be written that it was, and another is not begun in its place', async () => {
    const fixture = new DelivererFixture([callback('c1', { concurrency: 1 })]);
    fixture.answers = () => OK;
    const settle = jest.spyOn(fixture.store, 'settle');
    settle.mockRejectedValueOnce(new PresenceError('STORE_UNAVAILABLE', 'away'));
    await fixture.store.put([delivery('m1'), delivery('m2')]);
    await fixture.deliverer.look();
    await eventually(() => expect(fixture.warnings).toHaveLength(1));
    await fixture.deliverer.look();
    expect(fixture.ids()).toEqual(['m1']);
    await eventually(async () => expect(await fixture.left('c1')).toEqual([]));
    expect(fixture.ids()).toEqual(['m1', 'm2']);
  });

  test('that cannot be read is told, and goes on at the next look', async () => {
    const fixture = new DelivererFixture([callback('c1')]);
    fixture.answers = () => OK;
    const away = new PresenceError('STORE_UNAVAILABLE', 'away');
    jest.spyOn(fixture.store, 'due').mockRejectedValueOnce(away);
    await fixture.store.put([delivery('m1')]);
    await expect(fixture.deliverer.look()).rejects.toBe(away);
    await fixture.deliverer.look();
    await eventually(async () => expect(await fixture.left('c1')).toEqual([]));
  });

  test('that is under way when the node stops is waited for, and no other is begun', async () => {
    const fixture = new DelivererFixture([callback('c1', { concurrency: 2 })]);
    await fixture.store.put([delivery('m1'), delivery('m2'), delivery('m3')]);
    await fixture.deliverer.look();
    const stopped = fixture.deliverer.stop();
    fixture.attempts[0]!.answer(OK);
    fixture.attempts[1]!.answer({ ok: false, error: 'cut off by ourselves' });
    await stopped;
    expect(fixture.ids()).toEqual(['m1', 'm2']);
    // What was cut off is as it was: not the target's fault.
    expect(await fixture.left('c1')).toEqual([delivery('m2'), delivery('m3')]);
    await fixture.deliverer.look();
    expect(fixture.ids()).toEqual(['m1', 'm2']);
  });
});
