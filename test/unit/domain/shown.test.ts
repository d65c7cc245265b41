import { isShownChange, shownOf } from '../../../domain/presence';
import { viewOf } from '../../../domain/view';
import type { Claim, UserRecord } from '../../../domain/types';

const [NOW, LATER] = [new Date(Date.UTC(2025, 0, 15, 12)), new Date(Date.UTC(2025, 0, 15, 13))];
/** A database may hold null where the types only know absence (contract 5.4). */
const NULL = null as unknown as undefined;
const call: Claim = { statusDefault: 'busy', statusText: 'in a call', statusSource: 'internal', statusId: 'call' };
const lunch: Claim = { statusDefault: 'away', statusText: 'lunch', statusSource: 'manual' };

function user(fields: Partial<UserRecord> = {}): UserRecord {
  const who = { username: 'ann', name: 'Ann', type: 'user', roles: ['user'] };
  return { _id: 'u1', ...who, status: 'online', statusConnection: 'online', presenceRev: 7, ...fields };
}

describe('what is shown', () => {
  test('is the payload of presence.status and nothing else (invariant 9)', () => {
    const claim = { statusText: 'golf', statusSource: 'manual', statusExpiresAt: LATER } as const;
    const full = { ...user({ ...claim, statusDefault: 'online', statusId: 'm1', previousState: lunch }), services: {} };
    const shown = { _id: 'u1', username: 'ann', name: 'Ann', status: 'online', roles: ['user'], ...claim };
    expect(shownOf(full)).toStrictEqual(shown);
  });

  test('always has roles as an array', () => {
    expect(shownOf(user({ roles: undefined })).roles).toEqual([]);
    expect(shownOf(user({ roles: NULL })).roles).toEqual([]);
  });

  const before = user({ ...call, statusExpiresAt: LATER });
  const SHOWN = { status: 'away', statusText: '', statusSource: 'manual', statusExpiresAt: NOW, username: 'x' };
  const ROLES = [[], ['admin'], ['user', 'bot'], undefined].map((roles) => ['roles', roles] as const);
  test.each([...Object.entries(SHOWN), ['name', ''] as const, ...ROLES])(
    'changes with %s %j, or none',
    (field, value) => {
      for (const other of [value, undefined]) {
        expect(isShownChange(before, { ...before, [field]: other })).toBe(true);
        expect(isShownChange({ ...before, [field]: other }, before)).toBe(true);
      }
    },
  );

  const HIDDEN = { statusDefault: 'away', statusConnection: 'away', statusId: 'x', previousState: lunch, type: 'bot' };
  const ALIKE = { statusExpiresAt: new Date(LATER), roles: ['user'] };
  test.each(Object.entries({ ...HIDDEN, ...ALIKE, presenceRev: 8 }))('does not change with %s %j', (field, value) => {
    expect(isShownChange(before, { ...before, [field]: value })).toBe(false);
  });

  test('has no empty text: what is empty is absent, and does not change from the one to the other', () => {
    const empty = user({ username: '', name: '', statusText: '' });
    const absent = user({ username: undefined, name: undefined });
    expect(JSON.stringify(shownOf(empty))).toBe(JSON.stringify(shownOf(absent)));
    expect(viewOf('u1', empty)).toEqual(viewOf('u1', absent));
    expect(isShownChange(empty, absent)).toBe(false);
  });

  test('does not change from absent to null', () => {
    const nulls = { statusText: NULL, statusSource: NULL, statusExpiresAt: NULL, name: NULL, roles: NULL };
    expect(isShownChange(user({ name: undefined, roles: undefined }), user(nulls))).toBe(false);
  });
});
