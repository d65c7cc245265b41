import { ServiceBroker, type Service } from 'moleculer';
import { BusGuard, type NatsClient } from '../../lib/replicas/bus-guard';
import { serviceSchema } from '../../lib/wire/service-schema';
import { busGuardMixin, type BusService } from '../../mixins/bus-guard.mixin';
import { eventually } from '../helpers/eventually';
import { FakeClient } from '../helpers/fake-nats-client';

/** What the guard looks at in a broker. */
interface FakeBus {
  connected: boolean;
  tx: { client: Partial<NatsClient> | FakeClient | null };
}

function fixture({ client = new FakeClient(), bus }: { client?: FakeClient; bus?: FakeBus | null } = {}) {
  const transit: FakeBus | null = bus === undefined ? { connected: true, tx: { client } } : bus;
  const told: (string | number)[] = [];
  const time = { nowMs: 1_000 };
  const guard = new BusGuard(
    { transit } as unknown as ServiceBroker,
    { onDown: () => told.push('down'), onUp: (outageMs) => told.push('up', outageMs) },
    () => time.nowMs,
  );
  return { client, transit, told, time, guard };
}

/** All of this has been read by the guard. */
const heard = async (client: FakeClient, ...types: string[]) => {
  const until = client.read + types.length;
  client.says(...types);
  await eventually(() => expect(client.read).toBe(until));
};

describe('BusGuard on NATS', () => {
  test('is up, down and up again, each told once however often the client says it, with the length', async () => {
    const { client, guard, told, time } = fixture();
    guard.start();
    guard.start();
    expect(guard.state).toBe('up');
    await heard(client, 'pingTimer', 'disconnect', 'reconnecting', 'disconnect');
    expect(guard.state).toBe('down');
    time.nowMs += 2_500;
    await heard(client, 'reconnecting', 'reconnect', 'reconnect', 'update');
    expect(guard.state).toBe('up');
    expect(told).toEqual(['down', 'up', 2_500]);
    await heard(client, 'disconnect', 'reconnect');
    expect(told).toEqual(['down', 'up', 2_500, 'down', 'up', 0]);
  });

  test('a stale connection is lost, whether or not it is closed', async () => {
    const { client, guard, told } = fixture();
    guard.start();
    await heard(client, 'staleConnection');
    expect(guard.state).toBe('down');
    await heard(client, 'disconnect', 'reconnect');
    expect(told).toEqual(['down', 'up', 0]);
  });

  test.each([
    ['closed', (client: FakeClient) => client.closes()],
    ['closed with an error', (client: FakeClient) => client.closes(new Error('authorization violation'))],
    ['not to be read', (client: FakeClient) => client.breaks(new Error('broken'))],
  ])('a client that is %s is down, once', async (_what, happens) => {
    const { client, guard, told } = fixture();
    guard.start();
    happens(client);
    await eventually(() => expect(guard.state).toBe('down'));
    expect(told).toEqual(['down']);
  });

  test('closed while it is down already tells nothing new', async () => {
    const { client, guard, told } = fixture();
    guard.start();
    await heard(client, 'disconnect');
    client.closes();
    await client.whenClosed;
    expect(told).toEqual(['down']);
  });

  test('a connection lost before the start is down, by the answer that does not come', async () => {
    const { client, guard, told } = fixture();
    client.flushed = () => Promise.reject(new Error('DISCONNECT'));
    guard.start();
    await eventually(() => expect(guard.state).toBe('down'));
    await heard(client, 'reconnect');
    expect(told).toEqual(['down', 'up', 0]);
  });

  test('follows the client that replaces another; the old one has no say any more', async () => {
    const { client: old, guard, told, transit } = fixture();
    guard.start();
    await heard(old, 'disconnect');
    const client = new FakeClient();
    transit!.tx.client = client;
    guard.connected();
    expect(old.stopped).toBe(true);
    expect(guard.state).toBe('up');
    old.closes(new Error('late'));
    await old.whenClosed;
    expect(guard.state).toBe('up');
    await heard(client, 'disconnect', 'reconnect', 'disconnect');
    expect(told).toEqual(['down', 'up', 0, 'down', 'up', 0, 'down']);
  });

  test('a client that is down is not up because Moleculer says so', async () => {
    const { client, guard } = fixture();
    guard.start();
    await heard(client, 'disconnect');
    guard.connected();
    expect(guard.state).toBe('down');
  });

  test('tells nothing after stop, lets go of the client, and may start again', async () => {
    const { client, guard, told, transit } = fixture();
    guard.start();
    guard.stop();
    guard.stop();
    expect(client.stopped).toBe(true);
    client.says('disconnect');
    client.closes();
    await client.whenClosed;
    guard.disconnected();
    guard.connected();
    expect(told).toEqual([]);
    const next = new FakeClient();
    transit!.tx.client = next;
    guard.start();
    await heard(next, 'disconnect');
    expect(told).toEqual(['down']);
  });
});

describe('BusGuard elsewhere', () => {
  test('without a bus there is nothing to lose', () => {
    const { guard, told } = fixture({ bus: null });
    guard.start();
    guard.disconnected();
    guard.connected();
    expect(guard.state).toBe('none');
    expect(told).toEqual([]);
  });

  test('before it starts it believes what Moleculer believes', () => {
    const bus: FakeBus = { connected: false, tx: { client: null } };
    const { guard } = fixture({ bus });
    expect(guard.state).toBe('down');
    bus.connected = true;
    expect(guard.state).toBe('up');
  });

  test.each([null, {}, { status: () => ({}) as never }])(
    'a transporter without NATS’s client is heard of',
    (client) => {
      const { guard, told } = fixture({ bus: { connected: true, tx: { client } } });
      guard.start();
      guard.connected();
      guard.disconnected();
      guard.disconnected();
      expect(guard.state).toBe('down');
      guard.connected();
      guard.connected();
      expect(told).toEqual(['down', 'up', 0]);
    },
  );

  test('a transit that is not connected at the start is down', () => {
    const { guard, told } = fixture({ bus: { connected: false, tx: { client: null } } });
    guard.start();
    guard.connected();
    expect(told).toEqual(['down', 'up', 0]);
  });
});

describe('busGuardMixin', () => {
  const brokers: ServiceBroker[] = [];
  afterEach(() => Promise.all(brokers.splice(0).map((broker) => broker.stop())));

  async function start(methods: Record<string, (this: Service) => unknown> = {}) {
    const broker = new ServiceBroker({ transporter: 'Fake', logger: false, skipProcessEventRegistration: true });
    brokers.push(broker);
    const mixins = [busGuardMixin()];
    const service = broker.createService(serviceSchema<BusService>({ name: 'watcher', mixins, methods }));
    await broker.start();
    const transit = broker.transit as unknown as { connect(): Promise<void>; disconnect(): Promise<void> };
    return { service: service as BusService, transit };
  }

  test('hears Moleculer’s events, tells the service, and logs a line each way', async () => {
    const told: string[] = [];
    const { service, transit } = await start({
      busWentDown: () => told.push('down'),
      busCameBack: () => told.push('up'),
    });
    const warn = jest.spyOn(service.logger, 'warn');
    expect(service.busState()).toBe('up');
    await transit.disconnect();
    expect(service.busState()).toBe('down');
    await transit.connect();
    expect(service.busState()).toBe('up');
    expect(told).toEqual(['down', 'up']);
    expect(warn.mock.calls).toEqual([
      ['bus lost: nothing is judged until it is back'],
      [expect.stringMatching(/^bus back after 0\.[5-9] s$/)],
    ]);
  });

  test('a service need not listen, and one that fails does not end the watching', async () => {
    const silent = await start();
    await silent.transit.disconnect();
    expect(silent.service.busState()).toBe('down');
    const { service, transit } = await start({
      busWentDown: () => {
        throw new Error('oh');
      },
    });
    const error = jest.spyOn(service.logger, 'error');
    await transit.disconnect();
    await eventually(() => expect(error).toHaveBeenCalledWith('busWentDown failed', expect.any(Error)));
    await transit.connect();
    expect(service.busState()).toBe('up');
  });
});
