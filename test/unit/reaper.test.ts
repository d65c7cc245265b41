import { applySessionCommand, type DropStale } from '../../domain/sessions';
import type { Session } from '../../domain/types';
import { Reaper } from '../../lib/replicas/reaper';
import { SessionsInMemory } from '../helpers/sessions-in-memory';
import { MINUTE, NOW, SECOND, session } from '../helpers/presence-builders';

const LEASE_MS = 150 * SECOND;
const aged = (id: string, ageMs: number, instanceId = 'beats'): Session =>
  session(id, { instanceId, _updatedAt: new Date(NOW - ageMs) });

describe('the reaper', () => {
  let stored: SessionsInMemory;
  let reaper: Reaper;

  beforeEach(() => {
    stored = new SessionsInMemory(['beats']);
    reaper = new Reaper({
      store: stored,
      clock: () => NOW,
      leaseMs: LEASE_MS,
      drop: async (uid: string, command: DropStale) => {
        const outcome = applySessionCommand(stored.of(uid), command, NOW, 0);
        stored.put(uid, outcome.sessions);
        return outcome.found;
      },
    });
  });

  it('ends sessions whose lease is over and tells how old they were', async () => {
    stored.put('ann', [aged('old', LEASE_MS + MINUTE), aged('young', LEASE_MS - 1)]);
    stored.put('bob', [aged('just', LEASE_MS)]);
    const { users, agesMs } = await reaper.reap(LEASE_MS);
    expect(users).toBe(2);
    expect([...agesMs].sort((a, b) => a - b)).toEqual([LEASE_MS, LEASE_MS + MINUTE]);
    expect(stored.of('ann').map(({ id }) => id)).toEqual(['young']);
    expect(stored.of('bob')).toEqual([]);
  });

  it('ends nothing before it has watched for a whole lease', async () => {
    stored.put('ann', [aged('old', 10 * LEASE_MS)]);
    expect(await reaper.reap(LEASE_MS - 1)).toEqual({ users: 0, agesMs: [] });
    expect(stored.of('ann')).toHaveLength(1);
  });

  it('leaves sessions of instances that never send a heartbeat', async () => {
    stored.put('ann', [aged('old', 10 * LEASE_MS, 'silent')]);
    expect((await reaper.reap(LEASE_MS)).users).toBe(0);
    expect(stored.of('ann')).toHaveLength(1);
  });

  it('works in batches until nothing is left', async () => {
    const uids = Array.from({ length: 1500 }, (_, i) => `u${i}`);
    for (const uid of uids) stored.put(uid, [aged(`${uid}/s`, LEASE_MS)]);
    expect((await reaper.reap(LEASE_MS)).users).toBe(1500);
    expect(stored.largestBatch).toBeLessThanOrEqual(512);
    expect(uids.every((uid) => stored.of(uid).length === 0)).toBe(true);
  });

  it('gives up a round in which all were refreshed meanwhile', async () => {
    const uids = Array.from({ length: 600 }, (_, i) => `u${i}`);
    for (const uid of uids) stored.put(uid, [aged(`${uid}/s`, LEASE_MS)]);
    stored.afterLookingForOwners = () => {
      for (const uid of uids) stored.put(uid, [aged(`${uid}/s`, 0)]);
    };
    expect((await reaper.reap(LEASE_MS)).users).toBe(0);
    expect(uids.every((uid) => stored.of(uid).length === 1)).toBe(true);
  });
});
