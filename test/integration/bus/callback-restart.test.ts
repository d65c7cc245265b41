import { promises as fs } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { DeliveriesPage } from '../../../lib/callbacks/desk';
import { BusFixture } from '../../helpers/bus-fixture';
import { CORE, isTold, PATIENT, type Registered } from '../../helpers/callback-fixture';
import { eventually } from '../../helpers/eventually';
import { HookReceiver } from '../../helpers/hook-receiver';

/** What waits in the outbox is sent by whoever starts next, though nothing changes any more. */
test('callbacks get after a restart what waited, with no other change needed', async () => {
  const folder = await fs.mkdtemp(path.join(os.tmpdir(), 'presence-callbacks-'));
  const env = { CALLBACKS_ALLOW_PRIVATE: 'true', DATA_DIR: folder };
  const bus = await BusFixture.start();
  const target = await HookReceiver.start();
  try {
    const first = await bus.replica({ nodeID: 'presence-1', env });
    const core = await bus.rocketChat(CORE, [], ['presence', 'callbacks']);
    const { broker } = core;
    await core.call('newConnection', 'ann', 's1', CORE);
    const { id } = await broker.call<Registered, object>('callbacks.register', { url: target.url });
    await target.down();
    await core.call('setStatus', 'ann', 'busy');
    await eventually(async () => {
      const { deliveries } = await broker.call<DeliveriesPage, object>('callbacks.deliveries', { id });
      expect(deliveries).toMatchObject([{ uid: 'ann', to: 'busy', lastError: 'ECONNREFUSED' }]);
    });
    await bus.leave(first);
    await target.up();
    await bus.replica({ nodeID: 'presence-2', env });
    await isTold(target, 'ann busy');
    await broker.waitForServices('callbacks', 10_000, 20);
    await eventually(async () => {
      expect(await broker.call('callbacks.deliveries', { id })).toEqual({ deliveries: [] });
    }, PATIENT);
  } finally {
    await target.down();
    await bus.stop();
    await fs.rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}, 60_000);
