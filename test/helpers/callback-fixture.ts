import type { CallbackView, DeliveriesPage, DeliveryView } from '../../lib/callbacks/desk';
import { BusFixture } from './bus-fixture';
import { eventually } from './eventually';
import { HookReceiver } from './hook-receiver';
import type { RocketChatNode } from './rocket-chat-node';

export type Registered = CallbackView & { readonly secret: string };

export const CORE = 'core-1';
export const HOUR = 60 * 60_000;
/** The first pause is up to five seconds. */
export const PATIENT = { timeoutMs: 15_000 };

/** Two replicas on a bus, with callbacks and receivers of which none outlives its test; their clock can be set forward. */
class CallbackFixture {
  /** By how much the clock of the replicas is ahead. */
  shiftMs = 0;
  private bus!: BusFixture;
  core!: RocketChatNode;
  private readonly receivers: HookReceiver[] = [];
  private readonly registered: string[] = [];

  /** @param present users who are there: whoever is not is offline, whatever he says */
  async start(present: readonly string[]): Promise<void> {
    this.bus = await BusFixture.start();
    const clock = () => Date.now() + this.shiftMs;
    for (const nodeID of ['presence-1', 'presence-2']) {
      const env = { CALLBACKS_ALLOW_PRIVATE: 'true', HISTORY_RETENTION_DAYS: '0' };
      await this.bus.replica({ nodeID, clock, env });
    }
    this.core = await this.bus.rocketChat(CORE, [], ['presence', 'callbacks']);
    for (const uid of present) await this.core.call('newConnection', uid, `of ${uid}`, CORE);
  }

  async tidy(): Promise<void> {
    this.shiftMs = 0;
    for (const id of this.registered.splice(0)) await this.call('remove', { id });
    for (const receiver of this.receivers.splice(0)) await receiver.down();
  }

  stop(): Promise<void> {
    return this.bus.stop();
  }

  readonly call = <T>(action: string, params: object, nodeID?: string) =>
    this.core.broker.call<T, object>(`callbacks.${action}`, params, { nodeID });

  readonly receiver = async (): Promise<HookReceiver> => {
    const one = await HookReceiver.start();
    this.receivers.push(one);
    return one;
  };

  readonly register = async (target: HookReceiver, fields: object = {}): Promise<Registered> => {
    const callback = await this.call<Registered>('register', { url: target.url, ...fields });
    this.registered.push(callback.id);
    return callback;
  };

  readonly setStatus = (uid: string, to: string, text = '') => this.core.call('setStatus', uid, to, text);

  readonly deliveries = async (id: string, more: object = {}): Promise<readonly DeliveryView[]> =>
    (await this.call<DeliveriesPage>('deliveries', { id, ...more })).deliveries;

  /** Waits until nothing is on its way any more. */
  readonly isEmpty = (id: string) => eventually(async () => expect(await this.deliveries(id)).toEqual([]), PATIENT);
}

export function callbackFixture(present: readonly string[] = []): CallbackFixture {
  const fixture = new CallbackFixture();
  beforeAll(() => fixture.start(present), 60_000);
  afterEach(() => fixture.tidy(), 60_000);
  afterAll(() => fixture.stop());
  return fixture;
}

/** Waits until a receiver was told exactly these changes, in whatever order. */
export async function isTold(target: HookReceiver, ...expected: string[]): Promise<void> {
  await eventually(() => expect([...target.statuses].sort()).toEqual([...expected].sort()), PATIENT);
}
