import type { ClaimRequest } from '../../../domain/claims';
import { decide, firstContact, isShownChange } from '../../../domain/presence';
import type { Cause, Claim, Identity, Session, Status, UserRecord } from '../../../domain/types';

const NOW_MS = Date.UTC(2025, 0, 15, 12);
const [PAST, NOW] = [new Date(NOW_MS - 1), new Date(NOW_MS)];

function user(fields: Partial<UserRecord> = {}): UserRecord {
  const who: Identity = { username: 'ann', name: 'Ann', type: 'user', roles: ['user'] };
  return { _id: 'u1', ...who, status: 'online', statusConnection: 'online', presenceRev: 7, ...fields };
}
const bot = (fields: Partial<UserRecord> = {}) =>
  user({ type: 'bot', status: 'offline', statusConnection: 'offline', ...fields });
const sessionsOf = (...statuses: Status[]): Session[] =>
  statuses.map((status, i) => ({ id: `s${i}`, instanceId: 'node-1', status, _createdAt: NOW, _updatedAt: NOW }));
const [NONE, ONLINE, AWAY] = [sessionsOf(), sessionsOf('online'), sessionsOf('away')];

const call: Claim = { statusDefault: 'busy', statusText: 'in a call', statusSource: 'internal', statusId: 'call' };
const meeting: Claim = { statusDefault: 'busy', statusText: 'in a meeting', statusSource: 'external' };
const lunch: Claim = { statusDefault: 'away', statusText: 'lunch', statusSource: 'manual' };
const set = (claim: Claim): ClaimRequest => ({ kind: 'setActive', claim });
const end = (statusId?: string): ClaimRequest => ({ kind: 'endActive', statusId });
const clear: ClaimRequest = { kind: 'clearActive' };

interface Asked {
  readonly sessions?: readonly Session[];
  readonly requests?: readonly ClaimRequest[];
  readonly identity?: Identity;
  readonly cause?: Cause;
}
const decideOn = (before: UserRecord, { sessions = ONLINE, requests = [], identity, cause }: Asked = {}) =>
  decide(before, sessions, requests, identity, NOW_MS, cause);
/** As noted with a change of what is shown. */
const changed = (cause: Cause, from?: Status) => ({ presenceChange: { cause, from, at: NOW } });

describe('decide by sessions', () => {
  test('gives back the very same user when nothing that is stored differs', () => {
    const before = user();
    const decision = decideOn(before);
    expect(decision.after).toBe(before);
    expect(decision.before).toBe(before);
    expect(decision.accepted).toEqual([]);
  });

  test('tells the new status beside the previous one, counted one up', () => {
    const before = user();
    const { before: was, after } = decideOn(before, { sessions: NONE });
    expect(was).toBe(before);
    expect(after).toEqual({
      ...before,
      status: 'offline',
      statusConnection: 'offline',
      ...changed('reconcile', 'online'),
      presenceRev: 8,
    });
    expect(isShownChange(was, after)).toBe(true);
  });

  test('writes a user that never had a presence', () => {
    const before = user({ status: undefined, statusConnection: undefined, presenceRev: 0 });
    const { after } = decideOn(before, { sessions: NONE });
    expect(after).toMatchObject({ status: 'offline', statusConnection: 'offline', presenceRev: 1 });
  });

  test('stores a change of the connection that the claim hides, and shows nothing', () => {
    const before = user({ ...lunch, status: 'away' });
    const { after } = decideOn(before, { sessions: AWAY });
    expect(after).toEqual({ ...before, statusConnection: 'away', presenceRev: 8 });
    expect(isShownChange(before, after)).toBe(false);
  });

  test('repairs a status that does not follow from the state', () => {
    expect(decideOn(user({ status: 'busy' })).after).toMatchObject({ status: 'online', presenceRev: 8 });
  });

  test('keeps the claim and the stash of a user who leaves', () => {
    const before = user({ ...call, previousState: lunch, status: 'busy' });
    expect(decideOn(before, { sessions: NONE }).after).toMatchObject({ ...call, previousState: lunch });
  });

  test('leaves out what is not presence', () => {
    const before = { ...user(), services: { password: 'secret' } };
    expect(decideOn(before, { sessions: NONE }).after).not.toHaveProperty('services');
  });
});

describe('decide by claims', () => {
  test('answers each request in order and counts one write for all of them', () => {
    const requests = [set(call), set(meeting), set(lunch), end('nobody'), end('call')];
    const { after, accepted } = decideOn(user(), { requests, cause: 'claim' });
    expect(accepted).toEqual([true, true, true, false, true]);
    const shown = { ...user(), ...lunch, status: 'away', ...changed('claim', 'online'), presenceRev: 8 };
    expect(after).toEqual({ ...shown, previousState: meeting });
  });

  test('gives back the very same user when a request is rejected', () => {
    const before = user({ statusDefault: 'offline', status: 'offline' });
    const { after, accepted } = decideOn(before, { requests: [set(call)] });
    expect(accepted).toEqual([false]);
    expect(after).toBe(before);
  });

  test.each<[string, UserRecord, ClaimRequest[]]>([
    ['a claim that holds already', user({ ...lunch, status: 'away' }), [set(lunch)]],
    ['claims that undo each other', user({ ...lunch, status: 'away' }), [set(call), end('call')]],
    ['a clear of what is clear', user({ statusDefault: 'online', statusText: '' }), [clear]],
  ])('accepts %s and gives back the very same user', (_name, before, requests) => {
    const { after, accepted } = decideOn(before, { requests });
    expect(accepted).toEqual(requests.map(() => true));
    expect(after).toBe(before);
  });

  test('stores a change of the stash alone, and shows nothing', () => {
    const before = user({ ...call, status: 'busy' });
    const { after } = decideOn(before, { requests: [set(lunch)] });
    expect(after).toEqual({ ...before, previousState: lunch, presenceRev: 8 });
    expect(isShownChange(before, after)).toBe(false);
  });
});

describe('decide without a live session (contract 8.3; W22, W23)', () => {
  test.each<[string, UserRecord, ClaimRequest, Status]>([
    ['setActive hides a human', user(), set(call), 'offline'],
    ['endActive hides a human', user({ ...call, previousState: lunch }), end(), 'offline'],
    ['clearActive hides a human', user({ ...call }), clear, 'offline'],
    ['setActive shows a bot', bot(), set(call), 'busy'],
    ['endActive shows a bot by what waited', bot({ ...call, previousState: lunch }), end(), 'away'],
    ['endActive hides a bot whose last claim ended', bot({ ...call, status: 'busy' }), end(), 'offline'],
    ['clearActive hides a bot', bot({ ...call, status: 'busy' }), clear, 'offline'],
    ['a rejected request still shows a bot by its claim', bot({ ...call }), end('nobody'), 'busy'],
  ])('%s', (_name, before, request, status) => {
    const { after } = decideOn(before, { sessions: NONE, requests: [request] });
    expect(after).toMatchObject({ status, statusConnection: 'offline' });
  });

  test('a recompute leaves a bot as its claim shows it', () => {
    const before = bot({ ...call, status: 'busy' });
    expect(decideOn(before, { sessions: NONE }).after).toBe(before);
  });
});

describe('decide by time', () => {
  test('ends an expired claim without being asked', () => {
    const before = user({ ...lunch, statusExpiresAt: PAST, status: 'away' });
    const { after } = decideOn(before);
    expect(after).toEqual({
      ...user({ statusDefault: 'online', statusText: '' }),
      ...changed('expiry', 'away'),
      presenceRev: 8,
    });
    expect(after.statusExpiresAt).toBeUndefined();
  });

  test('restores what waited behind an expired claim', () => {
    const before = user({ ...call, statusExpiresAt: PAST, previousState: lunch, status: 'busy' });
    expect(decideOn(before).after).toEqual({
      ...user(lunch),
      status: 'away',
      ...changed('expiry', 'busy'),
      presenceRev: 8,
    });
  });

  test('leaves a claim that ends this very moment', () => {
    const before = user({ ...lunch, statusExpiresAt: NOW, status: 'away' });
    expect(decideOn(before).after).toBe(before);
  });

  test('settles before it applies a request: an expired claim neither blocks nor waits behind a new one', () => {
    const invisible = user({ statusDefault: 'offline', statusSource: 'manual', statusExpiresAt: PAST });
    const { after, accepted } = decideOn(invisible, { requests: [set(call)] });
    expect(accepted).toEqual([true]);
    expect(after).toMatchObject({ ...call, status: 'busy' });
    expect(after.previousState).toBeUndefined();
  });
});

describe('decide by identity', () => {
  test('shows a new name and leaves what the identity does not tell', () => {
    const before = user({ ...lunch, status: 'away' });
    const { after } = decideOn(before, { identity: { name: 'Ann B.' }, cause: 'import' });
    expect(after).toEqual({ ...before, name: 'Ann B.', ...changed('import', 'away'), presenceRev: 8 });
    expect(isShownChange(before, after)).toBe(true);
  });

  test.each<Identity>([{}, { name: 'Ann' }, { username: 'ann', name: 'Ann', type: 'user', roles: ['user'] }])(
    'gives back the very same user when %j is known already',
    (identity) => {
      const before = user();
      expect(decideOn(before, { identity }).after).toBe(before);
    },
  );

  test('takes absent roles for none', () => {
    const before = user({ roles: undefined });
    expect(decideOn(before, { identity: { roles: [] } }).after).toBe(before);
  });

  test.each<Identity>([{ username: 'anne' }, { roles: [] }, { roles: ['user', 'admin'] }, { roles: ['admin'] }])(
    'stores and shows the new %j',
    (identity) => {
      const { before, after } = decideOn(user(), { identity, cause: 'import' });
      expect(after).toEqual({ ...before, ...identity, ...changed('import', 'online'), presenceRev: 8 });
      expect(isShownChange(before, after)).toBe(true);
    },
  );

  test('stores a change of the type alone, and shows nothing', () => {
    const { before, after } = decideOn(user(), { identity: { type: 'app' } });
    expect(after).toEqual({ ...before, type: 'app', presenceRev: 8 });
    expect(isShownChange(before, after)).toBe(false);
  });

  test.each<Identity>([{ type: 'app' }, { roles: ['bot'] }])('shows the claim of who becomes %j', (identity) => {
    const before = user({ ...call, status: 'offline', statusConnection: 'offline' });
    expect(decideOn(before, { sessions: NONE, identity }).after.status).toBe('busy');
  });
});

test('a first contact is named by its id, offline and without claims', () => {
  const ghost = firstContact('u9');
  expect(ghost).toEqual({ _id: 'u9', username: 'u9', type: 'user', roles: [], presenceRev: 0 });
  const after = {
    ...ghost,
    status: 'offline',
    statusConnection: 'offline',
    ...changed('reconcile'),
    presenceRev: 1,
  };
  expect(decideOn(ghost, { sessions: NONE }).after).toEqual(after);
});
