import { ServiceBroker, Transporters, type BrokerOptions } from 'moleculer';
import { ConfigError } from '../../lib/config/env';
import { transporterOptions } from '../../lib/wire/transporter';

const made = (TRANSPORTER: string | undefined) => transporterOptions({ TRANSPORTER, HEARTBEAT_TIMEOUT: 30 });

/** The transporter that Moleculer makes of it, never connected. */
function resolved(transporter: BrokerOptions['transporter']): object {
  const broker = new ServiceBroker({ transporter, logger: false, skipProcessEventRegistration: true });
  return (broker.transit as unknown as { tx: object }).tx;
}

describe('transporterOptions', () => {
  test('NATS comes back for ever, soon, and pings so that a half-open connection is seen in about a time-out', () => {
    expect(made('nats://user:pass@a:4222,nats://b:4223')).toEqual({
      type: 'NATS',
      options: {
        url: 'nats://user:pass@a:4222,nats://b:4223',
        maxReconnectAttempts: -1,
        reconnectTimeWait: 500,
        reconnectJitter: 250,
        pingInterval: 15_000,
        maxPingOut: 2,
      },
    });
  });

  test('no bus stays none', () => {
    expect(made(undefined)).toBeUndefined();
  });

  test.each(['nats://a:4222', 'NATS://a:4222', 'Tls://a:4222', 'nats://a,nats://b'])('%s is NATS', (url) => {
    expect(resolved(made(url))).toBeInstanceOf(Transporters.NATS);
  });

  test.each(['tls://a:4222', 'TLS://a:4222', 'nats://a:4222,tls://b:4222'])('%s demands TLS', (url) => {
    expect(made(url)).toMatchObject({ options: { tls: {} } });
  });

  test.each(['TCP', 'redis://:pass@a:6379/Db', 'mqtt://a', 'amqp://a'])('%s stays as it is', (transporter) => {
    expect(made(transporter)).toBe(transporter);
  });

  test('a scheme in capitals is one that Moleculer knows', () => {
    expect(made('REDIS://User:Pass@Host')).toBe('redis://User:Pass@Host');
    expect(resolved(made('TCP://a:1/b'))).toBeInstanceOf(Transporters.TCP);
  });

  test.each([
    'nats://user:secret@a:99999',
    'nats://user:secret@a,',
    'nats://user:secret@a,b:4222',
    'tls://user:secret@a b',
  ])('%s is refused without being shown', (url) => {
    expect(() => made(url)).toThrow(ConfigError);
    expect(() => made(url)).toThrow(/^((?!secret)[^])*$/);
  });
});

describe('what Moleculer hands on to the NATS client', () => {
  const connect = jest.fn<Promise<never>, [object]>(() => Promise.reject(new Error('not connected, this is a test')));
  beforeEach(() => {
    connect.mockClear();
    jest
      .spyOn(jest.requireActual<{ connect: unknown }>('nats'), 'connect' as never)
      .mockImplementation(connect as never);
  });
  afterEach(() => jest.restoreAllMocks());

  const handedOn = async (url: string) => {
    const tx = resolved(made(url)) as { connect(): Promise<void> };
    await expect(tx.connect()).rejects.toThrow('this is a test');
    return connect.mock.calls[0]![0];
  };

  test('servers, user and password, as of a plain string, and the rest', async () => {
    await expect(handedOn('nats://user:pa%20ss@a:4222,nats://b')).resolves.toMatchObject({
      servers: ['a:4222', 'b'],
      user: 'user',
      pass: 'pa%20ss',
      maxReconnectAttempts: -1,
      pingInterval: 15_000,
    });
  });

  test('TLS as asked for', async () => {
    await expect(handedOn('nats://a:4222')).resolves.not.toHaveProperty('tls');
    connect.mockClear();
    await expect(handedOn('tls://a:4222')).resolves.toMatchObject({ servers: ['a:4222'], tls: {} });
  });
});
