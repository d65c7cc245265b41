import { inspect } from 'node:util';
import { ServiceBroker, Transporters, type BrokerOptions } from 'moleculer';
import { ConfigError } from '../../lib/config/env';
import { transporterOptions } from '../../lib/wire/transporter';
import { eventually } from '../helpers/eventually';

const made = (TRANSPORTER: string | undefined) => transporterOptions({ TRANSPORTER, HEARTBEAT_TIMEOUT: 30 });

/** The transporter that Moleculer makes of it, never connected. */
function resolved(transporter: BrokerOptions['transporter']): object {
  const broker = new ServiceBroker({ transporter, logger: false, skipProcessEventRegistration: true });
  return (broker.transit as unknown as { tx: object }).tx;
}

describe('transporterOptions', () => {
  test('no bus stays none', () => {
    expect(made(undefined)).toBeUndefined();
  });

  test.each(['nats://a:4222', 'NATS://a:4222', 'Tls://a:4222', 'nats://a,nats://b'])('%s is NATS', (url) => {
    expect(resolved(made(url))).toBeInstanceOf(Transporters.NATS);
  });

  test('credentials are not among what Moleculer shows of its options', () => {
    const { transit } = new ServiceBroker({ transporter: made('nats://user:secret@a'), logger: false });
    expect(inspect(transit, { depth: 8, showHidden: true })).not.toContain('secret');
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
    'nats://user:secret@a,nats://user:other@b',
    'nats://user:secret@a,nats://token@b',
    'nats://user:sec#secret@a',
    'nats://user:sec/secret@a',
  ])('%s is refused without being shown', (url) => {
    expect(() => made(url)).toThrow(ConfigError);
    expect(() => made(url)).toThrow(/^((?!secret)[^])*$/);
  });
});

describe('what the NATS client is given', () => {
  const connect = jest.fn<Promise<never>, [object]>(() => Promise.reject(new Error('not connected, this is a test')));
  beforeEach(() => {
    connect.mockClear();
    jest
      .spyOn(jest.requireActual<{ connect: unknown }>('nats'), 'connect' as never)
      .mockImplementation(connect as never);
  });
  afterEach(() => jest.restoreAllMocks());

  const given = async (url: string) => {
    const tx = resolved(made(url)) as { connect(): Promise<void>; disconnect(): Promise<void> };
    const connecting = tx.connect();
    await eventually(() => expect(connect).toHaveBeenCalled());
    await tx.disconnect();
    await connecting;
    return connect.mock.calls[0]![0];
  };

  test('it comes back for ever, soon, whatever the server says, and pings so that a half-open connection is seen in about a time-out', async () => {
    await expect(given('nats://a:4222')).resolves.toEqual({
      servers: ['a:4222'],
      timeout: 5000,
      maxReconnectAttempts: -1,
      ignoreAuthErrorAbort: true,
      reconnectTimeWait: 500,
      reconnectJitter: 250,
      pingInterval: 15_000,
      maxPingOut: 2,
    });
  });

  test.each([
    ['nats://user:pass@a:4222,nats://b', { servers: ['a:4222', 'b:4222'], user: 'user', pass: 'pass' }],
    ['nats://a,nats://user:pass@b', { servers: ['a:4222', 'b:4222'], user: 'user', pass: 'pass' }],
    ['nats://u:p@a,nats://u:p@b:1/', { servers: ['a:4222', 'b:1'], user: 'u', pass: 'p' }],
    ['nats://rc:p%40s%23s%2Fw@a', { user: 'rc', pass: 'p@s#s/w' }],
    ['nats://r%3Ac:%2C%25%20%C3%A9@a', { user: 'r:c', pass: ',% é' }],
    ['nats://rc:100%@a', { user: 'rc', pass: '100%' }],
    ['nats://rc:p@ss|w@a', { user: 'rc', pass: 'p@ss|w' }],
    ['nats://tok123@a', { token: 'tok123' }],
    ['tls://t%2Fk@a,tls://b', { token: 't/k', tls: {} }],
    ['nats://[::1]:4223,nats://u:p@[fe80::1]', { servers: ['[::1]:4223', '[fe80::1]:4222'], user: 'u' }],
    ['tls://a:4222', { tls: {} }],
    ['TLS://a:4222', { tls: {} }],
    ['nats://a:4222,tls://b:4222', { tls: {} }],
  ])('%s', async (url, wanted) => {
    await expect(given(url)).resolves.toMatchObject(wanted);
  });

  test('what is not in the address is not given', async () => {
    const options = await given('nats://tok123@a');
    for (const name of ['user', 'pass', 'tls', 'url']) expect(options).not.toHaveProperty(name);
  });
});
