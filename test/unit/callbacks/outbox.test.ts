import type { OutboxRow } from '../../../domain/callbacks';
import type { PresenceChange } from '../../../domain/presence';
import type { Status } from '../../../domain/types';
import { KNOWN_WITHIN_MS, Outbox } from '../../../lib/callbacks/outbox';
import { PresenceError } from '../../../lib/wire/errors';
import { EmbeddedCallbacks } from '../../../lib/store/embedded-callbacks';
import { callback } from '../../helpers/callback-builders';
import { NOW } from '../../helpers/presence-builders';

const AWAY = new PresenceError('STORE_UNAVAILABLE', 'away');
const change = (uid: string, rev = 1, status: Status = 'online'): PresenceChange => ({
  before: { _id: uid, status: 'offline', presenceRev: rev - 1 },
  after: { _id: uid, status, presenceRev: rev, presenceChange: { cause: 'claim', at: new Date(NOW) } },
});

function given({ isShared = false } = {}) {
  const store = new EmbeddedCallbacks(() => undefined);
  const put: OutboxRow[] = [];
  const ours = { upMs: 0, put, reads: 0, isAway: false };
  const outbox = new Outbox({
    store: {
      all: async () => {
        ours.reads++;
        return store.all();
      },
      put: async (rows) => {
        if (ours.isAway) throw AWAY;
        put.push(...rows);
      },
    },
    isShared,
    upMs: () => ours.upMs,
  });
  const told = () => put.map(({ callback: to, change: { uid, rev } }) => `${to}: ${uid} ${rev}`).sort();
  return { store, outbox, ours, told };
}

describe('the outbox', () => {
  test('has a delivery for each callback that wants a change, under an id that is always the same', async () => {
    const { store, outbox, ours, told } = given();
    for (const one of [
      callback('all'),
      callback('ann', { uids: ['ann'] }),
      callback('busy', { statuses: ['busy'] }),
      callback('ann busy', { uids: ['ann'], statuses: ['busy'] }),
      callback('paused', { paused: 'asked' }),
    ]) {
      await store.add(one);
    }
    await outbox.write([change('ann'), change('bob', 7, 'busy')], NOW);
    expect(told()).toEqual(['all: ann 1', 'all: bob 7', 'ann: ann 1', 'busy: bob 7', 'paused: ann 1', 'paused: bob 7']);
    expect(ours.put[0]).toMatchObject({ state: 'waiting', attempts: 0, dueAt: new Date(NOW) });
    const ids = ours.put.splice(0).map(({ _id }) => _id);
    expect(new Set(ids).size).toBe(6);
    await outbox.write([change('ann'), change('bob', 7, 'busy')], NOW + 1);
    expect(ours.put.map(({ _id }) => _id)).toEqual(ids);
  });

  test('asks the store for nothing while nobody is registered', async () => {
    const { outbox, ours } = given();
    ours.isAway = true;
    for (let i = 1; i < 10; i++) await outbox.write([change('ann', i)], NOW);
    expect(ours.reads).toBe(1);
  });

  test('knows where replicas share a store what was registered by others a while ago', async () => {
    const { store, outbox, ours, told } = given({ isShared: true });
    await outbox.write([change('ann')], NOW);
    await store.add(callback('c1'));
    ours.upMs = KNOWN_WITHIN_MS - 1;
    await outbox.write([change('ann', 2)], NOW);
    expect(told()).toEqual([]);
    ours.upMs = KNOWN_WITHIN_MS;
    await outbox.write([change('ann', 3)], NOW);
    expect(told()).toEqual(['c1: ann 3']);
    await outbox.write([change('ann', 4)], NOW);
    expect(ours.reads).toBe(2);
  });

  test('keeps what the store refuses, and writes it with what follows or when it is flushed', async () => {
    const { store, outbox, ours, told } = given();
    const puts = jest.fn();
    const end = outbox.onPut(puts);
    await store.add(callback('c1'));
    ours.isAway = true;
    await expect(outbox.write([change('ann')], NOW)).rejects.toBe(AWAY);
    await expect(outbox.write([change('bob')], NOW)).rejects.toBe(AWAY);
    await expect(outbox.flush(NOW)).rejects.toBe(AWAY);
    expect(puts).not.toHaveBeenCalled();
    ours.isAway = false;
    await outbox.write([change('ann', 2)], NOW);
    expect(told()).toEqual(['c1: ann 1', 'c1: ann 2', 'c1: bob 1']);
    await outbox.flush(NOW);
    expect([ours.put.length, puts.mock.calls.length]).toEqual([3, 1]);
    end();
    await outbox.write([change('ann', 3)], NOW);
    expect(puts).toHaveBeenCalledTimes(1);
  });

  test('keeps what it cannot tell whom to tell, because nothing could be read', async () => {
    const { store, outbox, told } = given();
    await store.add(callback('c1'));
    jest.spyOn(store, 'all').mockRejectedValueOnce(AWAY);
    await expect(outbox.write([change('ann')], NOW)).rejects.toBe(AWAY);
    await outbox.flush(NOW);
    expect(told()).toEqual(['c1: ann 1']);
  });

  test('keeps no more than 100,000 changes in memory, the newest', async () => {
    const { store, outbox, ours } = given();
    await store.add(callback('c1'));
    ours.isAway = true;
    const many = Array.from({ length: 100_002 }, (_, i) => change('ann', i + 1));
    await expect(outbox.write(many, NOW)).rejects.toBe(AWAY);
    ours.isAway = false;
    await outbox.flush(NOW);
    expect([ours.put.length, ours.put[0]!.change.rev, ours.put.at(-1)!.change.rev]).toEqual([100_000, 3, 100_002]);
  });
});
