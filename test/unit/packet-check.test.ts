import { faultOf, keepsExpression } from '../../lib/wire/packet-check';

const SENT = { ver: '4', sender: 'core-1' };
/** As Moleculer 0.14 sends them. */
const GOOD = {
  REQ: {
    ...SENT,
    id: 'r1',
    action: 'presence.get',
    params: ['u'],
    meta: {},
    timeout: 1000,
    level: 1,
    tracing: null,
    parentID: null,
    requestID: 'r1',
    caller: null,
    stream: false,
  },
  RES: { ...SENT, id: 'r1', meta: {}, success: true, data: 1 },
  EVENT: {
    ...SENT,
    id: 'e1',
    event: 'presence.status',
    data: [],
    groups: ['x'],
    broadcast: true,
    meta: {},
    level: 1,
    tracing: null,
    parentID: null,
    requestID: null,
    caller: null,
    needAck: null,
  },
  DISCOVER: SENT,
  INFO: {
    ...SENT,
    services: [
      {
        name: 's',
        version: 1,
        fullName: 'v1.s',
        settings: {},
        metadata: {},
        actions: { 's.a': { name: 's.a', rawName: 'a' } },
        events: { e: { name: 'e' } },
      },
    ],
    ipList: [],
    hostname: 'h',
    client: {},
    config: {},
    instanceID: 'i',
    metadata: {},
    seq: 1,
  },
  DISCONNECT: SENT,
  HEARTBEAT: { ...SENT, cpu: null },
  PING: { ...SENT, time: 1, id: 'p' },
  PONG: { ...SENT, time: 1, id: 'p', arrived: 1 },
};
type Command = keyof typeof GOOD;
const COMMANDS = Object.keys(GOOD) as Command[];
const poisoned = () => Object.setPrototypeOf({ ...SENT }, { polluted: 1 }) as object;

it.each(COMMANDS)('%s of Moleculer can be read', (command) => {
  expect(faultOf(command, GOOD[command])).toBeUndefined();
});

it.each(['', 0, NaN, false, null, undefined])(
  'a call whose argument is %p, which Moleculer sends as its stream too, is none',
  (stream) => {
    expect(faultOf('REQ', { ...GOOD.REQ, stream })).toBeUndefined();
  },
);

it.each(
  COMMANDS.flatMap((command) =>
    ['x y', 'x\r\nPUB a 0', '*', '>', '', 'x'.repeat(257), 7, null, {}].map((sender) => [command, sender] as const),
  ),
)('%s whose sender is %p is malformed', (command, sender) => {
  expect(faultOf(command, { ...GOOD[command], sender })).toBe('malformed');
});

it.each([
  ['unreadable', 'REQ', undefined],
  ['unreadable', 'REQ', []],
  ['unreadable', 'REQ', {}],
  ['unreadable', 'REQ', poisoned()],
  ['version', 'REQ', { ...SENT, ver: '5' }],
  ['malformed', 'GOSSIP_REQ', SENT],
  ['malformed', 'REQ', { ...GOOD.REQ, meta: poisoned() }],
  ['malformed', 'REQ', { ...GOOD.REQ, meta: [] }],
  ['malformed', 'REQ', { ...GOOD.REQ, requestID: { toString: 1 } }],
  ['malformed', 'REQ', { ...GOOD.REQ, timeout: 'long' }],
  ['malformed', 'REQ', { ...GOOD.REQ, action: {} }],
  ['stream', 'REQ', { ...GOOD.REQ, stream: true, seq: 0 }],
  ['stream', 'REQ', { ...GOOD.REQ, seq: 3 }],
  ['stream', 'RES', { ...GOOD.RES, stream: true, seq: 1 }],
  ['malformed', 'RES', { ...GOOD.RES, success: false }],
  ['malformed', 'RES', { ...GOOD.RES, success: 'yes' }],
  ['malformed', 'EVENT', { ...GOOD.EVENT, groups: 7 }],
  ['malformed', 'EVENT', { ...GOOD.EVENT, event: null }],
  ['internal_event', 'EVENT', { ...GOOD.EVENT, event: '$node.disconnected' }],
  ['malformed', 'INFO', { ...GOOD.INFO, instanceID: null }],
  ['malformed', 'INFO', { ...GOOD.INFO, services: [null] }],
  ['malformed', 'INFO', { ...GOOD.INFO, services: [{ name: 's', actions: [7] }] }],
  ['malformed', 'INFO', { ...GOOD.INFO, services: [{ name: 's', events: { e: { name: 'a*'.repeat(5) } } }] }],
  ['malformed', 'INFO', { ...GOOD.INFO, services: Array.from({ length: 501 }, () => ({ name: 's' })) }],
  ['malformed', 'HEARTBEAT', { ...SENT, cpu: 'x' }],
  ['malformed', 'PONG', SENT],
])('says %s of %s %j', (reason, command, payload) => {
  expect(faultOf(command, payload)).toBe(reason);
});

it.each([
  ['presence.status', false],
  ['presence.*', false],
  ['presence.**', false],
  ['**', false],
  ['*.status', true],
  ['presence.?', true],
])('for %s Moleculer keeps an expression for ever: %s', (name, keeps) => {
  expect(keepsExpression(name)).toBe(keeps);
});
