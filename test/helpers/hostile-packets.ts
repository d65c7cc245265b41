import EJSON from 'ejson';

/** One packet: the subject without its prefix, and what is sent there. */
export interface HostilePacket {
  readonly subject: string;
  readonly bytes: Uint8Array;
}

export interface HostileKind {
  readonly title: string;
  readonly packet: (i: number) => HostilePacket;
}

export interface Targets {
  /** The node attacked. */
  readonly node: string;
  /** Another node, alive, whose name is used; people are connected there. */
  readonly victim: string;
}

const encoder = new TextEncoder();
const text = (value: unknown) => encoder.encode(EJSON.stringify(value as Parameters<typeof EJSON.stringify>[0]));
const nested = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`;

/** Every kind of packet that a node of the bus may be sent and should not be. */
export function hostileKinds({ node, victim }: Targets): HostileKind[] {
  const from = (sender: unknown, fields: object = {}) => text({ ver: '4', sender, ...fields });
  const kind = (title: string, subject: string | ((i: number) => string), bytes: (i: number) => Uint8Array) => ({
    title,
    packet: (i: number) => ({ subject: typeof subject === 'string' ? subject : subject(i), bytes: bytes(i) }),
  });
  const [REQ, RES, EVENT, INFO] = ['REQ', 'RES', 'EVENT', 'INFO'].map((type) => `${type}.${node}`) as [
    string,
    string,
    string,
    string,
  ];
  const req = (i: number, fields: object, sender: unknown = 'mallory') =>
    from(sender, { id: `r${i}`, action: 'presence.get', params: ['u'], meta: {}, level: 1, ...fields });
  const event =
    (name: unknown, data: unknown, fields: object = {}) =>
    (i: number) =>
      from('mallory', { id: `e${i}`, event: name, data, groups: null, broadcast: true, meta: {}, level: 1, ...fields });
  const service = (name: string, fields: object = {}) => ({ name, fullName: name, actions: {}, events: {}, ...fields });
  const info = (sender: unknown, services: unknown, fields: object = {}) =>
    from(sender, {
      services,
      instanceID: 'x',
      seq: 1,
      metadata: {},
      config: {},
      client: {},
      hostname: 'h',
      ipList: [],
      ...fields,
    });
  const types = ['REQ', 'RES', 'EVENT', 'DISCOVER', 'INFO', 'DISCONNECT', 'HEARTBEAT', 'PING', 'PONG'];
  const subjectOf = (i: number) => {
    const type = types[i % types.length]!;
    return ['DISCONNECT', 'HEARTBEAT'].includes(type) ? type : `${type}.${node}`;
  };
  // Not what all nodes hear: Moleculer's own would not survive it.
  const targeted = types.filter((type) => !['DISCONNECT', 'HEARTBEAT'].includes(type));
  const targetedAt = (i: number) => `${targeted[i % targeted.length]}.${node}`;
  return [
    kind('no JSON', subjectOf, () => encoder.encode('\u0000{no JSON')),
    kind('nothing at all', subjectOf, () => new Uint8Array()),
    kind('JSON that is no object', subjectOf, (i) => text([null, 7, 'x', [], true][i % 5])),
    kind('another version', subjectOf, () => text({ ver: '5', sender: 'mallory' })),
    kind('no version', subjectOf, () => text({ sender: 'mallory' })),
    kind('no sender', subjectOf, () => text({ ver: '4' })),
    kind('a sender that would end the line', targetedAt, () => from('x 1\r\nPUB MOL.DISCONNECT 2\r\n{}\r\n')),
    kind('senders that are no text', targetedAt, (i) => from([7, null, {}, [], 'x'.repeat(5_000)][i % 5])),
    kind('nothing but version and sender', subjectOf, () => from('mallory')),
    kind('our own name', subjectOf, (i) => req(i, { services: [], instanceID: 'other', event: 'x' }, node)),
    kind('deep JSON', subjectOf, () =>
      encoder.encode(`{"ver":"4","sender":"mallory","id":"d","meta":${nested(20_000)}}`),
    ),
    kind('deep arguments', REQ, () =>
      encoder.encode(`{"ver":"4","sender":"mallory","id":"d","action":"presence.get","params":${nested(20_000)}}`),
    ),
    kind('deep EJSON', REQ, () =>
      encoder.encode(
        `{"ver":"4","sender":"mallory","id":"d","action":"presence.get","params":[{"$binary":1},${nested(20_000)}]}`,
      ),
    ),
    kind('poisoned keys', subjectOf, (i) =>
      encoder.encode(
        `{"ver":"4","sender":"mallory","id":"p${i}","action":"presence.get","event":"x","success":true,"params":[{"__proto__":{"polluted":1}}],` +
          `"meta":{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}},"__proto__":{"polluted":1}}`,
      ),
    ),
    kind('fields that are objects', subjectOf, (i) =>
      from('mallory', {
        id: {},
        action: {},
        event: {},
        requestID: { toString: 1 },
        groups: 7,
        caller: [],
        meta: 'x',
        level: {},
        success: 'x',
        i,
      }),
    ),
    kind('actions that are none', REQ, (i) => req(i, { action: `presence.${i}` })),
    kind('secrets', REQ, (i) =>
      req(i, { action: ['$node.options', '$node.metrics', '$node.health'][i % 3], params: {} }),
    ),
    kind('actions inside a node', REQ, (i) => req(i, { action: 'rocketchat.setStatus', params: {} })),
    kind('streams never ended', REQ, (i) => req(i, { stream: true, seq: 0, params: null })),
    kind('streams with gaps', REQ, (i) => req(0, { id: 'gap', stream: true, seq: 2 + i, params: 'x'.repeat(100) })),
    kind('chunks without parameters', REQ, (i) => req(i, { stream: true, seq: i % 3, params: null })),
    kind('answers nobody asked for', RES, (i) => from('mallory', { id: `r${i}`, success: true, data: 1, meta: {} })),
    kind('streamed answers', RES, (i) =>
      from('mallory', { id: `r${i}`, success: true, stream: true, seq: 7, data: null }),
    ),
    kind('errors without an error', RES, (i) => from('mallory', { id: `r${i}`, success: false })),
    kind('a node that left, forged', EVENT, event('$node.disconnected', { node: { id: victim }, unexpected: false })),
    kind('changes, forged', EVENT, event('$presence.changed', [{ $gt: '' }])),
    kind('misses, forged', EVENT, event('$presence.missed', 'bus')),
    kind(
      'an instance removed that lives',
      EVENT,
      event('watch.instanceStatus', [{ clientAction: 'removed', id: victim }]),
    ),
    kind('instances under ever-new names', EVENT, (i) =>
      event('watch.instanceStatus', [
        { clientAction: i % 2 ? 'removed' : 'updated', id: `i${i}`, diff: { 'extraInformation.conns': 1 } },
      ])(i),
    ),
    kind('statuses of ids too long', EVENT, event('presence.status', [{ user: { _id: 'x'.repeat(300) } }])),
    kind('statuses of unknown people', EVENT, (i) => event('presence.status', [{ user: { _id: `nobody-${i}` } }])(i)),
    kind('written: no ids', EVENT, (i) =>
      event('presence.written', [[['']], [[{}]], 7, null, [[null]], [['x'.repeat(300)]]][i % 6])(i),
    ),
    kind('leases of what is none', EVENT, (i) =>
      event('presence.leases.forget', [[{ $gt: '' }], [[1]], null, 7][i % 4])(i),
    ),
    kind('a switch that is none', EVENT, (i) => event('presence.broadcast.toggled', [['no'], [{}], null][i % 3])(i)),
    kind('callbacks changed', EVENT, (i) => event('presence.callbacks.changed', [[`c${i}`], null, [{}]][i % 3])(i)),
    kind('events nobody knows', EVENT, (i) => event(`unheard.of.${i}`, { i })(i)),
    kind('groups that are none', EVENT, (i) => event('presence.status', [], { groups: [{}, 'x', [7]][i % 3] })(i)),
    kind('discoveries', `DISCOVER.${node}`, (i) => from(`ghost-${i}`)),
    kind('heartbeats of unknown nodes', 'HEARTBEAT', (i) => from(`ghost-${i}`, { cpu: 1 })),
    kind('heartbeats that are none', 'HEARTBEAT', () => from('mallory', { cpu: 'x', seq: {}, instanceID: 7 })),
    kind('farewells in the name of another', 'DISCONNECT', () => from(victim)),
    kind('another process in the name of a living node', INFO, (i) => info(victim, [], { instanceID: `forged-${i}` })),
    kind('farewells of unknown nodes', 'DISCONNECT', (i) => from(`ghost-${i}`)),
    kind('services that are none', INFO, (i) =>
      info('mallory', [7, 'x', [null], [{}], [{ name: {} }], [service('s', { actions: [7] })]][i % 6]),
    ),
    kind('services with expressions', INFO, (i) =>
      info(`mallory-${i % 50}`, [service('s', { events: { e: { name: `${'a*'.repeat(30)}${i}` } } })]),
    ),
    kind('nodes under ever-new names', INFO, (i) =>
      info(`flood-${i}`, [
        service(`flood-${i}`, { actions: { a: { name: `flood-${i}.a` } }, events: { e: { name: `flood.${i}.*` } } }),
      ]),
    ),
    kind('large nodes', INFO, (i) =>
      info(`large-${i}`, [service('large', { settings: { text: 'x'.repeat(20_000) } })]),
    ),
    kind('keepers of a rank that is none', INFO, (i) =>
      info('mallory', [service('presence', { metadata: { keeperRank: [-1, 'x', {}, 1e308, 0.5][i % 5] } })], {
        seq: i,
      }),
    ),
    kind('pings', `PING.${node}`, (i) => from(`ghost-${i}`, { id: `p${i}`, time: i })),
    kind('pongs of unknown nodes', `PONG.${node}`, (i) => from(`ghost-${i}`, { id: `p${i}`, time: 1, arrived: 1 })),
  ];
}
