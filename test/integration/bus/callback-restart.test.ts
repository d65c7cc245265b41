import { promises as fs } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { DeliveriesPage } from '../../../lib/callbacks/desk';
import { BusFixture } from '../../helpers/bus-fixture';
import { CORE, isTold, PATIENT, type Registered } from '../../helpers/callback-fixture';
import { eventually } from '../../helpers/eventually';
import { HookReceiver } from '../../helpers/hook-receiver';

interface Ground {
  readonly bus: BusFixture;
  readonly target: HookReceiver;
  /** Of nodes that follow each other: what one has stored the next one finds. */
  readonly env: Record<string, string>;
}

/** Less than a stop waits for. */
const SLOWLY_MS = 800;

async function onBus(run: (ground: Ground) => Promise<void>): Promise<void> {
  const folder = await fs.mkdtemp(path.join(os.tmpdir(), 'presence-callbacks-'));
  const bus = await BusFixture.start();
  const target = await HookReceiver.start();
  try {
    await run({ bus, target, env: { CALLBACKS_ALLOW_PRIVATE: 'true', DATA_DIR: folder } });
  } finally {
    await target.down();
    await bus.stop();
    await fs.rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** What waits in the outbox is sent by whoever starts next, though nothing changes any more. */
test('callbacks get after a restart what waited, with no other change needed', async () => {
  await onBus(async ({ bus, target, env }) => {
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
  });
}, 60_000);

/** Services stop all at once: the store must not be closed before what became of a delivery is written. */
test('callbacks make a delivery that is answered while the node stops no second time', async () => {
  await onBus(async ({ bus, target, env }) => {
    const first = await bus.replica({ nodeID: 'presence-1', env });
    const core = await bus.rocketChat(CORE, [], ['presence', 'callbacks']);
    await core.broker.call<Registered, object>('callbacks.register', { url: target.url });
    target.answer = (_request, response) => void setTimeout(() => response.writeHead(200).end(), SLOWLY_MS);
    await core.call('newConnection', 'ann', 's1', CORE);
    await isTold(target, 'ann online');
    await bus.leave(first);
    await bus.replica({ nodeID: 'presence-2', env });
    await core.broker.waitForServices(['presence', 'callbacks'], 10_000, 20);
    await core.call('setStatus', 'ann', 'busy');
    await isTold(target, 'ann online', 'ann busy');
    const ids = target.received.map(({ id }) => id);
    expect(ids).toEqual([...new Set(ids)]);
  });
}, 60_000);
