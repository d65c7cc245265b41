import type { ServiceBroker } from 'moleculer';
import type { NatsConnection } from 'nats';
import { readConfig } from '../../lib/config/env';
import { serviceSchema } from '../../lib/wire/service-schema';
import { busGuardMixin, type BusService } from '../../mixins/bus-guard.mixin';
import { healthService } from '../../services/health.service';
import type { PresenceService } from '../../services/presence.service';
import { BusFixture, sees } from '../helpers/bus-fixture';
import { eventually } from '../helpers/eventually';
import { freePort } from '../helpers/free-port';
import type { Replica } from '../helpers/replica';
import type { RocketChatNode } from '../helpers/rocket-chat-node';
import { onOwnNats } from '../helpers/suites';

/** The NATS client within, with what its types do not show. */
function clientOf(broker: ServiceBroker): NatsConnection & { readonly listeners: readonly unknown[] } {
  return (broker.transit as unknown as { tx: { client: ReturnType<typeof clientOf> } }).tx.client;
}

/** A node learns by itself that the bus is gone. A server that NATS_URL names is not ours to kill. */
onOwnNats('bus-guard')('a bus that goes away', () => {
  let bus: BusFixture;
  let replica: Replica;
  let nodes: { readonly broker: ServiceBroker }[];
  let healthUrl: string;
  let told: string[];

  beforeEach(async () => {
    bus = await BusFixture.start();
    replica = await bus.replica({ nodeID: 'presence-1' });
    nodes = [replica];
    const PORT = String(await freePort());
    replica.broker.createService(healthService(readConfig({ PORT })));
    healthUrl = `http://127.0.0.1:${PORT}/health`;
    told = [];
    replica.broker.createService(
      serviceSchema<BusService>({
        name: 'witness',
        mixins: [busGuardMixin()],
        methods: { busWentDown: () => told.push('down'), busCameBack: () => told.push('up') },
      }),
    );
    await replica.broker.waitForServices(['health', 'witness'], 5_000, 5);
  });
  afterEach(async () => {
    // Without its server a broker does not stop but goes on trying: a test that fails is to end all the same.
    if (bus.nats.pid === undefined) await bus.nats.restart();
    for (const { broker } of nodes) await eventually(() => clientOf(broker).flush());
    await bus.stop();
  });

  const presence = () => replica.broker.getLocalService('presence') as PresenceService;
  const health = async () => {
    const response = await fetch(healthUrl, { headers: { accept: 'application/json' } });
    return { code: response.status, ...((await response.json()) as object) };
  };
  const goesDown = (timeoutMs = 2_000) => eventually(() => expect(presence().busState()).toBe('down'), { timeoutMs });
  const comesBack = (timeoutMs = 5_000) => eventually(() => expect(presence().busState()).toBe('up'), { timeoutMs });
  /** A call that is lost with the bus is not waited for; it is made again. */
  const canCall = (core: RocketChatNode, uid: string) =>
    eventually(() => core.broker.call('presence.newConnection', [uid, `of ${uid}`, 'ddp-1'], { timeout: 1_000 }), {
      timeoutMs: 15_000,
    });

  it('is noticed at once and said in /health; when it is back calls work again', async () => {
    const core = await bus.rocketChat('core-1');
    nodes.push(core);
    const forgets = jest.spyOn(presence().desk, 'forgetLeases');
    await canCall(core, 'ann');
    expect(await health()).toMatchObject({ code: 200, healthy: true, bus: 'connected' });
    await bus.nats.kill();
    await goesDown();
    expect(await health()).toMatchObject({ code: 500, healthy: false, bus: 'disconnected', store: 'there' });
    expect(forgets).not.toHaveBeenCalled();
    await bus.nats.restart();
    await comesBack();
    expect(forgets).toHaveBeenCalledWith('all');
    expect(await health()).toMatchObject({ code: 200, healthy: true, bus: 'connected' });
    await canCall(core, 'bob');
    await sees(core, 'bob', 'online');
  }, 60_000);

  it('twice in a row is two outages, each told once, with its length in the log', async () => {
    const warn = jest.spyOn(presence().logger, 'warn');
    for (let outage = 0; outage < 2; outage++) {
      await bus.nats.kill();
      await goesDown();
      await bus.nats.restart();
      await comesBack();
    }
    await eventually(() => expect(told).toEqual(['down', 'up', 'down', 'up']));
    const lost = ['bus lost: nothing is judged until it is back'];
    const back = [expect.stringMatching(/^bus back after \d+\.\d s$/)];
    expect(warn.mock.calls.filter(([line]) => String(line).startsWith('bus '))).toEqual([lost, back, lost, back]);
  }, 60_000);

  it('without a word, as in a netsplit, is noticed in about the heartbeat time-out', async () => {
    const { pid } = bus.nats;
    process.kill(pid!, 'SIGSTOP');
    try {
      // One and a half time-outs of 3 s at the most, and as much again for a slow machine.
      await goesDown(9_000);
    } finally {
      process.kill(pid!, 'SIGCONT');
    }
    await comesBack();
    await eventually(() => expect(told).toEqual(['down', 'up']));
  }, 60_000);

  it('is not watched any more by a service that has stopped', async () => {
    const witness = replica.broker.getLocalService('witness');
    // Moleculer's own, the presence service's and this one's, which goes without waiting for the next status.
    const { listeners } = clientOf(replica.broker);
    expect(listeners).toHaveLength(3);
    await replica.broker.destroyService(witness);
    await eventually(() => expect(listeners).toHaveLength(2), { timeoutMs: 300 });
    await bus.nats.kill();
    await goesDown();
    await bus.nats.restart();
    await comesBack();
    expect(told).toEqual([]);
  }, 60_000);
});
