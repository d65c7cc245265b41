import fc from 'fast-check';
import type { Errors } from 'moleculer';
import type { PresenceStore } from '../../../lib/store/port';
import { BusFixture } from '../../helpers/bus-fixture';
import type { RocketChatNode } from '../../helpers/rocket-chat-node';

/** As much as NATS carries: its limit is 1 MiB a message. */
const MEGABYTE = 'x'.repeat(1_000_000);
const FUTURE = new Date(Date.now() + 3_600_000);
const LATER = new Date(FUTURE.getTime() + 1000);
const PAST = new Date(Date.now() - 3_600_000);
/** A payload as a hostile caller would send it: an own key named __proto__. */
const poisoned = (json: string): unknown => JSON.parse(json);

/** With MongoDB behind, which the suite's own calls would keep busy for minutes where it is slow, fewer. */
const RANDOM_PAYLOADS = process.env.TEST_STORE === 'mongo' ? 2_000 : 10_000;

/** Design invariant 12: a typed error with a stable code, no write, and the node lives. */
describe('bad input over the bus', () => {
  let bus: BusFixture;
  let core: RocketChatNode;
  let store: PresenceStore;

  beforeAll(async () => {
    bus = await BusFixture.start();
    store = (await bus.replica({ nodeID: 'presence-1' })).store;
    core = await bus.rocketChat('core-1');
  });
  afterAll(() => bus.stop());

  /** Everything a call could have written. */
  async function written(): Promise<unknown> {
    const uids: string[] = [];
    for await (const slice of store.slicesToVerify(1000)) uids.push(...slice);
    return { uids, connections: await store.connections(Date.now()), broadcast: await store.broadcastEnabled() };
  }

  /** A rejection of these ends the genuine ddp-streamer: they answer nothing. */
  const LASTING = ['newConnection', 'removeConnection'];
  const VALID: Record<string, unknown[]> = {
    newConnection: ['u', 's', 'n'],
    removeConnection: ['u', 's'],
    updateConnection: ['u', 's'],
    setConnectionStatus: ['u', 'away', 's'],
    removeLostConnections: ['n'],
    setStatus: ['u', 'busy', 'text', FUTURE],
    setActiveState: ['u', { statusDefault: 'busy' }],
    endActiveState: ['u', 'id'],
    clearActiveState: ['u'],
    updateUserPresence: ['u'],
    toggleBroadcast: [true],
    getPeakConnections: [true],
    upsertUsers: [[{ _id: 'u' }]],
    removeUsers: [['u']],
    setStatusMany: [[{ uid: 'u', statusDefault: 'busy' }]],
    get: ['u'],
    getMany: [['u']],
    list: ['busy', 'admin'],
    claims: ['u'],
    schedule: ['u', { statusDefault: 'busy' }, FUTURE, LATER, 'UTC'],
    schedules: ['u'],
    cancelSchedule: ['u', 'id'],
  };
  /** What is wrong as one user of a batch is told in its result; only what is no batch is an error of the call. */
  const isItem = (action: string, what: string) =>
    ['upsertUsers', 'removeUsers', 'setStatusMany', 'getMany'].includes(action) && what === 'an array';
  const WRONG: Record<string, unknown> = {
    'a number': 7,
    'a boolean': 'boolean',
    'an object': { a: 1 },
    'an array': ['a'],
    'a date': new Date(Number.NaN),
    'a megabyte': MEGABYTE,
    'an object with __proto__': poisoned('{"__proto__":{"admin":true}}'),
  };
  const positions = Object.entries(VALID).flatMap(([action, args]) =>
    args.flatMap((valid, position) =>
      Object.entries(WRONG)
        .filter(([what]) => !isItem(action, what))
        .map(([what, wrong]) => {
          const value = wrong === 'boolean' ? (typeof valid === 'boolean' ? 'yes' : true) : wrong;
          return { action, position, what, args: args.map((arg, i) => (i === position ? value : arg)) };
        }),
    ),
  );

  test.each(positions.filter(({ action }) => LASTING.includes(action)))(
    '$action with $what at position $position does and answers nothing',
    async ({ action, args }) => {
      const before = await written();
      await expect(core.call(action, ...args)).resolves.toBeUndefined();
      expect(await written()).toEqual(before);
    },
  );

  test.each(positions.filter(({ action }) => !LASTING.includes(action)))(
    '$action with $what at position $position',
    async ({ action, args }) => {
      const before = await written();
      await expect(core.call(action, ...args)).rejects.toMatchObject({
        type: expect.stringMatching(/^(INVALID_ARGUMENT|EXPIRY_NOT_IN_FUTURE)$/) as string,
        code: 422,
        data: { field: expect.any(String) as string },
      });
      expect(await written()).toEqual(before);
    },
  );

  test.each(Object.keys(VALID).filter((a) => !['removeLostConnections', 'getPeakConnections', 'list'].includes(a)))(
    '%s with an empty array, an empty object, or no parameters',
    async (action) => {
      for (const params of [[], {}, null, undefined]) {
        if (LASTING.includes(action)) {
          await expect(core.broker.call(`presence.${action}`, params)).resolves.toBeUndefined();
          continue;
        }
        await expect(core.broker.call(`presence.${action}`, params)).rejects.toMatchObject({
          type: 'INVALID_ARGUMENT',
        });
      }
    },
  );

  test.each(['text', 7, true])('%p where an array or an object is expected', async (params) => {
    for (const action of LASTING) {
      await expect(core.broker.call(`presence.${action}`, params)).resolves.toBeUndefined();
    }
    for (const action of Object.keys(VALID).filter((one) => !LASTING.includes(one))) {
      await expect(core.broker.call(`presence.${action}`, params)).rejects.toMatchObject({ type: 'INVALID_ARGUMENT' });
    }
  });

  test.each([
    ['setConnectionStatus', ['u', 'disabled', 's'], 'status'],
    ['setConnectionStatus', ['u', 'ONLINE', 's'], 'status'],
    ['setStatus', ['u', 'invisible'], 'statusDefault'],
    ['setStatus', ['u', null], 'statusDefault'],
    ['setStatus', [null, 'busy'], 'uid'],
    ['setStatus', ['', 'busy'], 'uid'],
    ['setStatus', ['__proto__', 'busy'], 'uid'],
    ['setStatus', ['u', 'busy', 'x', 'tomorrow'], 'statusExpiresAt'],
    ['setActiveState', ['u'], 'claim'],
    ['setActiveState', ['u', { statusDefault: 'busy', statusSource: 'root' }], 'claim.statusSource'],
    ['setActiveState', ['u', poisoned('{"statusDefault":"busy","constructor":{"a":1}}')], 'claim.constructor'],
    ['endActiveState', ['u', { $ne: null }], 'statusId'],
    ['clearActiveState', [{ $gt: '' }], 'uid'],
    ['upsertUsers', ['u'], 'users'],
    ['getMany', [['u', 7]], 'uids[1]'],
    ['getMany', [[]], 'uids'],
    ['list', [['busy', 'invisible']], 'status'],
    ['list', [null, null, 'tomorrow'], 'since'],
    ['list', [null, null, null, { $gt: '' }], 'after'],
    ['list', [null, null, null, null, 1.5], 'limit'],
    ['schedule', ['u', { statusDefault: 'busy', statusId: 'mine' }, FUTURE, LATER], 'claim.statusId'],
    ['schedule', ['u', { statusDefault: 'busy', statusExpiresAt: FUTURE }, FUTURE, LATER], 'claim.statusExpiresAt'],
    ['schedule', ['u', { statusDefault: 'busy' }, null, LATER], 'startsAt'],
    ['schedule', ['u', { statusDefault: 'busy' }, FUTURE], 'endsAt'],
    ['schedule', ['u', { statusDefault: 'busy' }, LATER, FUTURE], 'endsAt'],
    ['schedule', ['u', { statusDefault: 'busy' }, PAST, new Date(PAST.getTime() + 1)], 'endsAt'],
    ['schedule', ['u', { statusDefault: 'busy' }, FUTURE, LATER, 'Mars/Phobos'], 'timeZone'],
    ['schedule', ['u', { statusDefault: 'busy' }, null, { days: [], from: '12:00', to: '13:00' }], 'weekly.days'],
    [
      'schedule',
      ['u', { statusDefault: 'busy' }, null, { days: ['XX'], from: '12:00', to: '13:00' }],
      'weekly.days[0]',
    ],
    ['schedule', ['u', { statusDefault: 'busy' }, null, { days: ['MO'], from: '25:00', to: '13:00' }], 'weekly.from'],
    ['schedule', ['u', { statusDefault: 'busy' }, null, { days: ['MO'], from: '12:00', to: '12:00' }], 'weekly.to'],
    ['cancelSchedule', ['u', { $ne: null }], 'id'],
    ['upsertUsers', [Array.from({ length: 1001 }, (_, i) => ({ _id: `u${i}` }))], 'users'],
  ])('%s%j names the field %s', async (action, args, field) => {
    await expect(core.call(action, ...args)).rejects.toMatchObject({ type: 'INVALID_ARGUMENT', data: { field } });
  });

  test('thousands of random payloads: each is answered or refused with a code, and the node lives', async () => {
    const actions = [...Object.keys(VALID), 'resetPeakConnections', 'getConnectionCount'];
    const value = fc.anything({ withDate: true, withNullPrototype: false, withBigInt: false, maxDepth: 2 });
    const status = fc.constantFrom('online', 'away', 'busy', 'offline', 'disabled', null);
    const argument = fc.oneof(value, fc.string(), status, fc.constantFrom('u', 's', FUTURE));
    const payload = fc.oneof(fc.array(argument, { maxLength: 4 }), value, fc.dictionary(fc.string(), argument));
    const calls = fc.sample(fc.tuple(fc.constantFrom(...actions), payload), {
      numRuns: RANDOM_PAYLOADS,
      seed: 20_261_123,
    });
    const codes = new Set<string>();
    for (let i = 0; i < calls.length; i += 100) {
      await Promise.all(
        calls.slice(i, i + 100).map(async ([action, params]) => {
          await core.broker
            .call(`presence.${action}`, params)
            .catch((error: Errors.MoleculerError) => codes.add(error.type));
        }),
      );
    }
    expect([...codes].filter((code) => !['INVALID_ARGUMENT', 'EXPIRY_NOT_IN_FUTURE'].includes(code))).toEqual([]);
    await expect(core.call('newConnection', 'alive', 's-alive', 'n')).resolves.toEqual({
      uid: 'alive',
      connectionId: 's-alive',
    });
  }, 120_000);
});
