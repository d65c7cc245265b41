import type { Context, ServiceSchema } from 'moleculer';
import { BusFixture, eventsOf, sees } from '../../helpers/bus-fixture';
import { eventually } from '../../helpers/eventually';
import { startReplica } from '../../helpers/replica';

/** `settings`, `license`, `status-visibility`: all optional (contract 1.7, 2.1, 2.2). */
describe('services of core', () => {
  let bus: BusFixture;
  beforeEach(async () => {
    bus = await BusFixture.start();
  });
  afterEach(() => bus.stop());

  function settings(seen: unknown[]): ServiceSchema {
    return { name: 'settings', actions: { set: (ctx: Context) => void seen.push(ctx.params) } };
  }

  test('settings that are there before hear once that broadcasting is not disabled', async () => {
    const seen: unknown[] = [];
    await bus.rocketChat('core-1', [settings(seen)], []);
    await bus.replica({ nodeID: 'presence-1' });
    await eventually(() => expect(seen).toEqual([['Presence_broadcast_disabled', false]]));
  });

  test('settings that come later hear it when they come', async () => {
    const seen: unknown[] = [];
    await bus.replica({ nodeID: 'presence-1' });
    await bus.rocketChat('core-1', [settings(seen)]);
    await eventually(() => expect(seen).toEqual([['Presence_broadcast_disabled', false]]));
  });

  test('a settings service that fails does not hurt', async () => {
    const failing: ServiceSchema = {
      name: 'settings',
      actions: {
        set() {
          throw new Error('no');
        },
      },
    };
    const core = await bus.rocketChat('core-1', [failing], []);
    await bus.replica({ nodeID: 'presence-1' });
    await core.broker.waitForServices('presence', 5000, 20);
    await expect(core.call('toggleBroadcast', true)).resolves.toBeUndefined();
    await core.call('newConnection', 'ann', 's', 'ddp-1');
    await sees(core, 'ann', 'online');
  });

  test('setStatus is refused with Rocket.Chat’s own error where presence is disabled for the user', async () => {
    const asked: unknown[] = [];
    const visibility: ServiceSchema = {
      name: 'status-visibility',
      actions: {
        isPresenceDisabledFor(ctx: Context<string[]>) {
          asked.push(ctx.params);
          return ctx.params[0] === 'hidden';
        },
      },
    };
    await bus.replica({ nodeID: 'presence-1' });
    const core = await bus.rocketChat('core-1', [visibility]);
    await eventually(async () => {
      await core.call('setStatus', 'other', 'busy');
      expect(asked).toContainEqual(['other']);
    });
    await expect(core.call('setStatus', 'hidden', 'busy')).rejects.toMatchObject({
      error: 'Presence is disabled for this user [error-presence-disabled]',
      received: {
        name: 'Error',
        message: 'Presence is disabled for this user [error-presence-disabled]',
        nodeID: 'presence-1',
        type: 'error-presence-disabled',
        errorType: 'Meteor.Error',
        isClientSafe: true,
        reason: 'Presence is disabled for this user',
        details: { method: 'setStatus' },
      },
    });
    expect(eventsOf(core, 'hidden')).toEqual([]);
    await expect(core.call('setActiveState', 'hidden', { statusDefault: 'busy' })).resolves.toBe(true);
  });

  test('license.module is heard and ignored', async () => {
    await bus.replica({ nodeID: 'presence-1' });
    const core = await bus.rocketChat('core-1');
    await core.broadcast('license.module', { module: 'scalability', valid: false });
    await core.call('newConnection', 'ann', 's', 'ddp-1');
    await sees(core, 'ann', 'online');
  });

  test('without a bus the node serves by itself', async () => {
    const alone = await startReplica({ nodeID: 'alone' });
    try {
      await expect(alone.broker.call('presence.setStatus', ['ann', 'busy'])).resolves.toBe(true);
      await expect(alone.broker.call('presence.getConnectionCount', [])).resolves.toEqual({ current: 0, max: 200 });
    } finally {
      await alone.stop();
    }
  });
});
