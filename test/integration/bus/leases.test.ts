import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Explanation } from '../../../domain/explain';
import { BeatingUsers } from '../../helpers/beating-users';
import { BusFixture, sees, shown } from '../../helpers/bus-fixture';
import { eventually } from '../../helpers/eventually';
import type { Replica } from '../../helpers/replica';
import type { RocketChatNode } from '../../helpers/rocket-chat-node';

const LEASE_MS = 4_000;
const BEAT_EVERY_MS = 500;
const PATIENT = { timeoutMs: 25_000 };

/** Design invariants 5 and 6, on either store. */
describe('the lease of a session', () => {
  let bus: BusFixture;
  let folder: string;
  let core: RocketChatNode;
  let replica: Replica;
  let beating: BeatingUsers | undefined;

  beforeEach(async () => {
    bus = await BusFixture.start();
    folder = mkdtempSync(join(tmpdir(), 'presence-leases-'));
    [replica, core] = await Promise.all([startPresence(), bus.rocketChat('core-1')]);
  });
  afterEach(async () => {
    await beating?.stop();
    beating = undefined;
    await bus.stop();
    rmSync(folder, { recursive: true });
  });

  const startPresence = () =>
    bus.replica({ nodeID: 'presence-1', env: { SESSION_LEASE: String(LEASE_MS / 1000), DATA_DIR: folder } });

  /** Sessions for which heartbeats come, of nodes of which it is therefore known that they send some. */
  async function beat(...uids: string[]): Promise<BeatingUsers> {
    beating = new BeatingUsers(core, uids, BEAT_EVERY_MS);
    await beating.arrive();
    for (const uid of uids) await sees(core, uid, 'online');
    const known = beating.whole + 1;
    await eventually(() => expect(beating!.whole).toBeGreaterThanOrEqual(known), PATIENT);
    return beating;
  }

  const seesInTime = (uid: string, ...statuses: string[]) =>
    eventually(() => expect(shown(core, uid)).toEqual(statuses), PATIENT);
  const passed = (sinceMs: number, ms: number) =>
    eventually(() => expect(performance.now() - sinceMs).toBeGreaterThan(ms), PATIENT);

  test('ends it when heartbeats stop, tells that once, and explain says why', async () => {
    const users = await beat('stays', 'goes');
    users.vanish(['goes']);
    await seesInTime('goes', 'online', 'offline');
    await expect(core.call<Explanation>('explain', 'goes')).resolves.toMatchObject({
      status: 'offline',
      sessions: [],
      lastChange: { cause: 'lease', from: 'online' },
    });
    expect(shown(core, 'stays')).toEqual(['online']);
  });

  test('binds no session of a node that never sends heartbeats: it lives as long as its node', async () => {
    const old = await bus.rocketChat('old-era');
    await old.call('newConnection', 'ann', 'ann/s', 'old-era');
    const users = await beat('stays', 'goes'); // later than Ann: a lease would end hers first
    users.vanish(['goes']);
    await seesInTime('goes', 'online', 'offline');
    expect(shown(core, 'ann')).toEqual(['online']);
    await bus.leave(old);
    await seesInTime('ann', 'online', 'offline');
  });

  test('begins for a node’s sessions once it has sent one heartbeat, of whichever of them', async () => {
    await core.call('newConnection', 'ann', 'ann/s', 'core-1');
    await core.call('newConnection', 'bob', 'bob/s', 'core-1');
    await core.call('updateConnection', 'bob', 'bob/s');
    await seesInTime('ann', 'online', 'offline');
    await seesInTime('bob', 'online', 'offline');
  });

  test('that has ended a session is healed by the next heartbeat, as one session', async () => {
    const users = await beat('stays', 'sleeps');
    users.vanish(['sleeps']);
    await seesInTime('sleeps', 'online', 'offline');
    await core.call('updateConnection', 'sleeps', 'sleeps/s');
    await core.call('updateConnection', 'sleeps', 'sleeps/s');
    await core.call('newConnection', 'sleeps', 'sleeps/s', 'core-1');
    await sees(core, 'sleeps', 'online', 'offline', 'online');
    const { sessions } = await core.call<Explanation>('explain', 'sleeps');
    expect(sessions).toMatchObject([{ id: 'sleeps/s', instanceId: 'core-1', status: 'online' }]);
  });

  test('is whole again after a restart, however long nobody was there to be told', async () => {
    const users = await beat('stays', 'goes');
    await users.stop();
    const stoppedAt = performance.now();
    await bus.leave(replica);
    await passed(stoppedAt, 1.5 * LEASE_MS);

    const servesFrom = performance.now();
    replica = await startPresence();
    beating = new BeatingUsers(core, ['stays'], BEAT_EVERY_MS);
    await core.broker.waitForServices('presence', 10_000, 20);
    await beating.arrive();
    await seesInTime('goes', 'online', 'offline');
    expect(performance.now() - servesFrom).toBeGreaterThanOrEqual(LEASE_MS);
    expect(shown(core, 'stays')).toEqual(['online']);
  });
});
