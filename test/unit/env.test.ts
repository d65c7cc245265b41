import { readFileSync } from 'node:fs';
import path from 'node:path';
import { CONFIG_DEFAULTS, ConfigError, configWarnings, readConfig } from '../../lib/config/env';

function faultsOf(env: Record<string, string>): readonly string[] {
  try {
    readConfig(env);
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
  return [];
}

describe('configuration', () => {
  test('an empty environment runs alone with the documented defaults', () => {
    expect(readConfig({})).toMatchObject({
      PORT: 3005,
      HEALTH_CHECK_PORT: 3005,
      HOST: '127.0.0.1',
      LOG_LEVEL: 'info',
      DATA_DIR: './data',
      TRANSPORTER: undefined,
      SERIALIZER: 'EJSON',
      REQUEST_TIMEOUT: 60,
      HEARTBEAT_INTERVAL: 10,
      HEARTBEAT_TIMEOUT: 30,
      CACHE_TTL: 300,
      SYNC_INTERVAL: 5000,
      MAX_CONCURRENT_SYNC: 10,
      SESSION_LEASE: 150,
    });
  });

  test('HEALTH_CHECK_PORT follows PORT until it is given', () => {
    expect(readConfig({ PORT: '3100' }).HEALTH_CHECK_PORT).toBe(3100);
    expect(readConfig({ PORT: '3100', HEALTH_CHECK_PORT: '3101' }).HEALTH_CHECK_PORT).toBe(3101);
  });

  test('an empty variable is an absent one', () => {
    expect(readConfig({ PORT: '', TRANSPORTER: '', INSTANCE_ID: '' })).toMatchObject({
      PORT: 3005,
      TRANSPORTER: undefined,
    });
  });

  test.each([
    'mongodb://mongo/rocketchat',
    'mongodb://u:p@a:1,b:2/rc?replicaSet=rs0',
    'mongodb+srv://u:p@c.example/rc',
  ])('MONGO_URL %s is accepted', (url) => {
    expect(readConfig({ MONGO_URL: url }).MONGO_URL).toBe(url);
  });

  test('the result is frozen', () => {
    expect(Object.isFrozen(readConfig({}))).toBe(true);
  });

  test('retries are on only by exactly "true", prefer-local off only by exactly "false"', () => {
    expect(readConfig({ RETRY_ENABLED: 'yes' }).RETRY_ENABLED).toBe(false);
    expect(readConfig({ RETRY_ENABLED: 'true' }).RETRY_ENABLED).toBe(true);
    expect(readConfig({ BALANCE_PREFER_LOCAL: 'no' }).BALANCE_PREFER_LOCAL).toBe(true);
    expect(readConfig({ BALANCE_PREFER_LOCAL: 'false' }).BALANCE_PREFER_LOCAL).toBe(false);
  });

  test.each(Object.entries(CONFIG_DEFAULTS).filter(([, value]) => typeof value === 'boolean'))(
    '%s takes nothing silently that is neither true nor false',
    (name) => {
      expect([configWarnings({ [name]: 'true' }), configWarnings({ [name]: '' })]).toEqual([[], []]);
      for (const value of ['1', 'yes', 'TRUE', 'on', ' true']) {
        const said = [...faultsOf({ [name]: value }), ...configWarnings({ [name]: value })];
        expect([value, said]).toEqual([value, [expect.stringContaining(name)]]);
      }
    },
  );

  test('what Rocket.Chat’s own nodes take does not keep this one from starting', () => {
    expect(faultsOf({ RETRY_ENABLED: 'yes', BALANCE_PREFER_LOCAL: 'no' })).toEqual([]);
    expect(configWarnings({ RETRY_ENABLED: 'yes' })[0]).toMatch(/counts as false/);
    expect(configWarnings({ BALANCE_PREFER_LOCAL: 'no' })[0]).toMatch(/counts as true/);
  });

  test('every fault is told at once, each by its name', () => {
    const faults = faultsOf({
      PORT: 'x',
      LOG_LEVEL: 'loud',
      SESSION_LEASE: '-1',
      INSTANCE_ID: 'a b',
      RETRY_FACTOR: '0',
    });
    expect(faults.map((fault) => fault.split(':')[0]).sort()).toEqual([
      'INSTANCE_ID',
      'LOG_LEVEL',
      'PORT',
      'RETRY_FACTOR',
      'SESSION_LEASE',
    ]);
  });

  test.each([
    [{ PORT: '0' }],
    [{ PORT: '65536' }],
    [{ PORT: '3005.5' }],
    [{ PORT: '3e3' }],
    [{ HEARTBEAT_INTERVAL: '30', HEARTBEAT_TIMEOUT: '30' }],
    [{ RETRY_DELAY: '2000' }],
    [{ MS_METRICS: 'true', MS_METRICS_PORT: '3005' }],
    [{ TRANSPORTER: 'not a url' }],
    [{ BALANCE_STRATEGY: 'Best' }],
    [{ MONGO_URL: 'mongodb://mongo:27017' }],
    [{ MONGO_URL: 'mongodb://mongo:27017/?replicaSet=rs0' }],
    [{ MONGO_URL: 'http://mongo/rocketchat' }],
    [{ PRESENCE_ROLE: 'boss' }],
    [{ SERIALIZER: 'Foo' }],
    [{ SERIALIZER: 'Base' }],
    [{ SERIALIZER: 'constructor' }],
    [{ PRESENCE_ROLE: 'observer' }],
    [{ MONGO_OPLOG_URL: 'mongodb://mongo/local' }],
    [{ CACHE: 'redis://redis:6379' }],
    [{ ROCKETCHAT_SYNC: 'bus' }],
  ])('%j is refused', (env: Record<string, string | undefined>) => {
    expect(faultsOf(env as Record<string, string>)).toHaveLength(1);
  });

  test('a serializer is known by its name in any case; one whose package is not there is refused with the package', () => {
    for (const [given, meant] of [
      ['ejson', 'EJSON'],
      ['EJSON', 'EJSON'],
      ['json', 'JSON'],
    ])
      expect(readConfig({ SERIALIZER: given }).SERIALIZER).toBe(meant);
    expect(faultsOf({ SERIALIZER: 'msgpack' })).toEqual([
      'SERIALIZER: needs the package msgpack5, which is not installed',
    ]);
    expect(faultsOf({ SERIALIZER: 'Foo' })[0]).toMatch(/^SERIALIZER: must be one of EJSON, JSON, /);
  });

  test('what has no effect without another variable has it with that', () => {
    const [MONGO_URL, account] = [
      'mongodb://mongo/rocketchat',
      { ROCKETCHAT_USERNAME: 'u', ROCKETCHAT_PASSWORD: 'p', ROCKETCHAT_URL: 'https://chat' },
    ];
    for (const env of [
      { PRESENCE_ROLE: 'observer', MONGO_URL },
      { PRESENCE_ROLE: 'observer', ...account },
      { MONGO_OPLOG_URL: 'mongodb://mongo/local', MONGO_URL },
      { CACHE: 'redis://redis:6379', MONGO_URL },
      { ROCKETCHAT_SYNC: 'bus', ...account },
      { ROCKETCHAT_SYNC: 'bus', TRANSPORTER: 'nats://nats:4222' },
    ])
      expect([env, faultsOf(env as unknown as Record<string, string>)]).toEqual([env, []]);
  });

  test('a fault never shows a value: a URL may hold a password', () => {
    expect(faultsOf({ TRANSPORTER: 'nast://user:secret@host' }).join()).not.toContain('secret');
    expect(faultsOf({ MONGO_URL: 'mongodb://user:secret@host' }).join()).not.toContain('secret');
  });

  test('docs/CONFIGURATION.md names every variable with its default, and no other', () => {
    const document = readFileSync(path.join(__dirname, '../../docs/CONFIGURATION.md'), 'utf8');
    const rows = [...document.matchAll(/^\| `([A-Z_]+)` \| ([^|]*) \|/gm)];
    const documented: Record<string, string> = {};
    for (const [, name, shown] of rows) documented[name!] = shown!.trim();
    const code: Record<string, string> = {};
    for (const [name, value] of Object.entries(CONFIG_DEFAULTS))
      code[name] = value === '' ? '–' : String((value as string | number | boolean | undefined) ?? '–');
    code.HEALTH_CHECK_PORT = '= PORT';
    code.INSTANCE_ID = 'made';
    code.PRESENCE_ROLE = 'decided';
    expect(documented).toEqual(code);
  });
});
