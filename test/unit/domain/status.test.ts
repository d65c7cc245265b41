import { connectionStatus, displayStatus, hasActiveClaim, isServiceUser, presenceOf } from '../../../domain/status';
import { STATUSES, type ClaimState, type Identity, type Status } from '../../../domain/types';

const sessionsOf = (...statuses: Status[]) => statuses.map((status) => ({ status }));
const human: Identity = { username: 'ann', type: 'user', roles: ['user'] };
const SERVICE_USERS: [string, Identity][] = [
  ['of type bot', { type: 'bot', roles: [] }],
  ['of type app', { type: 'app', roles: [] }],
  ['of role bot', { type: 'user', roles: ['user', 'bot'] }],
];
/** A database may hold null where the types only know absence (contract 5.4). */
const stored = <T extends object>(doc: { [K in keyof T]?: T[K] | null }) => doc as T;

describe('connection status (contract 8.1)', () => {
  const O = 'online';
  const A = 'away';
  const B = 'busy';
  const X = 'offline';
  const table: [sessions: Status[], reduced: Status][] = [
    [[], X],
    [[O], O],
    [[A], A],
    [[B], B],
    [[X], X],
    [[O, O], O],
    [[O, A], O],
    [[O, B], O],
    [[O, X], O],
    [[A, O], O],
    [[A, A], A],
    [[A, B], B],
    [[A, X], A],
    [[B, O], O],
    [[B, A], A],
    [[B, B], B],
    [[B, X], B],
    [[X, O], O],
    [[X, A], A],
    [[X, B], B],
    [[X, X], X],
    [[A, B, O], O],
    [[O, A, B], O],
    [[A, O, B], O],
    [[X, X, O], O],
    [[A, A, B], B],
    [[B, A, B], B],
    [[A, B, A], A],
    [[B, X, A], A],
    [[A, B, X], B],
    [[X, B, X], B],
    [[X, X, X], X],
  ];

  test.each(table)('sessions %j reduce to %s', (sessions, reduced) => {
    expect(connectionStatus(sessionsOf(...sessions))).toBe(reduced);
  });

  test('the last session that is not offline wins, so order counts when none is online', () => {
    expect(connectionStatus(sessionsOf('away', 'busy', 'offline'))).toBe('busy');
    expect(connectionStatus(sessionsOf('busy', 'away', 'offline'))).toBe('away');
  });
});

describe('display status (contract 8.2)', () => {
  const table: [connection: Status, statusDefault: Status, shown: Status][] = [
    ['online', 'online', 'online'],
    ['online', 'away', 'away'],
    ['online', 'busy', 'busy'],
    ['online', 'offline', 'offline'],
    ['away', 'online', 'away'],
    ['away', 'away', 'away'],
    ['away', 'busy', 'busy'],
    ['away', 'offline', 'offline'],
    ['busy', 'online', 'busy'],
    ['busy', 'away', 'away'],
    ['busy', 'busy', 'busy'],
    ['busy', 'offline', 'offline'],
    ['offline', 'online', 'offline'],
    ['offline', 'away', 'offline'],
    ['offline', 'busy', 'offline'],
    ['offline', 'offline', 'offline'],
  ];

  test.each(table)('connection %s with default %s shows %s', (connection, statusDefault, shown) => {
    expect(displayStatus(connection, statusDefault)).toBe(shown);
    if (connection === 'offline') return; // a claim shown without sessions is 8.3
    expect(presenceOf({ ...human, statusDefault }, sessionsOf(connection))).toEqual({
      status: shown,
      statusConnection: connection,
    });
  });

  test.each(STATUSES)('a missing default counts as online when the connection is %s', (connection) => {
    expect(displayStatus(connection, undefined)).toBe(connection);
    expect(presenceOf(human, sessionsOf(connection)).status).toBe(connection);
  });

  test.each(STATUSES)('a default of null counts as missing when the connection is %s', (connection) => {
    const user = stored<Identity & ClaimState>({ ...human, statusDefault: null });
    expect(presenceOf(user, sessionsOf(connection)).status).toBe(connection);
  });
});

describe('no live session (contract 8.3, design: status is a function of state)', () => {
  const CLAIMS: [string, ClaimState][] = [
    ['no claim', {}],
    ['a cleared claim', { statusDefault: 'online', statusText: '' }],
    ['a manual claim to be online', { statusDefault: 'online', statusSource: 'manual' }],
    ['a manual claim to be away', { statusDefault: 'away', statusSource: 'manual' }],
    ['an external claim to be busy', { statusDefault: 'busy', statusSource: 'external' }],
    ['an internal claim to be busy', { statusDefault: 'busy', statusSource: 'internal' }],
    ['a manual claim to be invisible', { statusDefault: 'offline', statusSource: 'manual' }],
    ['a claim of no source to be busy', { statusDefault: 'busy' }],
  ];

  describe.each([
    ['without sessions', sessionsOf()],
    ['with offline sessions only', sessionsOf('offline', 'offline')],
  ])('%s', (_name, sessions) => {
    test.each(CLAIMS)('a human with %s is offline', (_claim, claim) => {
      expect(presenceOf({ ...human, ...claim }, sessions)).toEqual({ status: 'offline', statusConnection: 'offline' });
    });

    describe.each(SERVICE_USERS)('a service user %s', (_kind, identity) => {
      test.each(STATUSES)('shows an active claim to be %s', (statusDefault) => {
        expect(presenceOf({ ...identity, statusDefault, statusSource: 'external' }, sessions)).toEqual({
          status: statusDefault,
          statusConnection: 'offline',
        });
      });

      test.each(['away', 'busy'] as const)('shows a claim to be %s that has no source', (statusDefault) => {
        expect(presenceOf({ ...identity, statusDefault }, sessions).status).toBe(statusDefault);
      });

      test('shows a claim without a default as online', () => {
        expect(presenceOf({ ...identity, statusSource: 'manual' }, sessions).status).toBe('online');
      });

      test.each([
        ['no claim', {}],
        ['a cleared claim', { statusDefault: 'online', statusText: '' } as const],
      ])('is offline with %s', (_claim, claim) => {
        expect(presenceOf({ ...identity, ...claim }, sessions).status).toBe('offline');
      });

      test('is offline when its claim fields are null', () => {
        const claim = stored<ClaimState>({ statusDefault: null, statusSource: null, previousState: null });
        expect(presenceOf({ ...identity, ...claim }, sessions).status).toBe('offline');
      });
    });
  });
});

describe('a service user with live sessions', () => {
  test.each(SERVICE_USERS)('%s is shown like a human', (_kind, identity) => {
    expect(presenceOf(identity, sessionsOf('away'))).toEqual({ status: 'away', statusConnection: 'away' });
    const claimed: ClaimState = { statusDefault: 'online', statusSource: 'external' };
    expect(presenceOf({ ...identity, ...claimed }, sessionsOf('away')).status).toBe('away');
    expect(presenceOf({ ...identity, statusDefault: 'busy' }, sessionsOf('online')).status).toBe('busy');
  });
});

describe('isServiceUser', () => {
  test.each(SERVICE_USERS)('is true %s', (_kind, identity) => {
    expect(isServiceUser(identity)).toBe(true);
  });

  test.each<[string, Identity]>([
    ['of type user', human],
    ['of no type and no roles', {}],
    ['of null type and null roles', stored<Identity>({ type: null, roles: null })],
    ['of an unknown type', { type: 'guest', roles: ['admin'] }],
    ['of a role that only sounds like bot', { type: 'user', roles: ['robot', 'bots'] }],
  ])('is false %s', (_kind, identity) => {
    expect(isServiceUser(identity)).toBe(false);
  });
});

describe('hasActiveClaim', () => {
  test.each<[ClaimState, boolean]>([
    [{}, false],
    [{ statusDefault: 'online' }, false],
    [{ statusDefault: 'online', statusText: '' }, false],
    [stored<ClaimState>({ statusDefault: null, statusSource: null }), false],
    [{ previousState: { statusDefault: 'busy', statusSource: 'external' } }, false],
    [{ statusDefault: 'online', statusSource: 'manual' }, true],
    [{ statusSource: 'internal' }, true],
    [{ statusDefault: 'away' }, true],
    [{ statusDefault: 'busy' }, true],
    [{ statusDefault: 'offline' }, true],
  ])('of %j is %s', (claim, active) => {
    expect(hasActiveClaim(claim)).toBe(active);
  });
});
