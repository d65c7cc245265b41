import { sameClaims } from '../../../domain/claims';
import type { Claim, ClaimState } from '../../../domain/types';
import { isSameClaim } from '../../../domain/waiting';
import {
  LATER,
  CLEARED,
  set,
  end,
  clear,
  stored,
  call,
  meeting,
  lunch,
  plain,
  over,
  expectAccepted,
  expectUntouched,
} from '../../helpers/claim-builders';

test('claims that differ in one field differ, active or waiting; ends are compared by time', () => {
  for (const field of Object.keys(meeting)) {
    const other = { ...meeting, [field]: undefined };
    expect([field, sameClaims(meeting, other)]).toEqual([field, false]);
    expect([field, sameClaims(over(call, meeting), over(call, other))]).toEqual([field, false]);
  }
  expect(sameClaims(meeting, { ...meeting, statusExpiresAt: new Date(LATER) })).toBe(true);
});

test('a missing default is online, and a missing text is an empty one, active or waiting', () => {
  const source = { statusSource: 'internal', statusExpiresAt: new Date(LATER) } as const;
  const short = stored<Claim>(source);
  const long: Claim = { ...source, statusDefault: 'online', statusText: '' };
  expect(sameClaims(short, long)).toBe(true);
  expect(sameClaims(over(call, short), over(call, long))).toBe(true);
  expect(isSameClaim(short, long)).toBe(true);
  expectUntouched(short, set(long), true);
  expectUntouched(long, set(short), true);
});

describe('null counts as absent (contract 5.4)', () => {
  const nulls = { statusSource: null, statusExpiresAt: null, statusId: null, previousState: null };

  test('a request for what holds already leaves the very same state, nulls or not', () => {
    expectUntouched(stored<ClaimState>({ ...nulls, statusDefault: 'online', statusText: '' }), clear, true);
    expectUntouched(stored<ClaimState>({ ...nulls, ...lunch }), set(lunch), true);
    expect(sameClaims(stored<ClaimState>({ ...nulls, ...lunch }), lunch)).toBe(true);
    expect(sameClaims(over(call, stored<Claim>({ ...lunch, statusExpiresAt: null })), over(call, lunch))).toBe(true);
  });

  test('a stash with null fields is restored without them, and does not expire', () => {
    const stash = stored<Claim>({ ...lunch, statusExpiresAt: null, statusId: null });
    expectAccepted(over(call, stash), end(), lunch);
    expectAccepted(over(call, stash), set(meeting), over(call, stash, meeting));
  });

  test('no source is the weakest, no id matches no id asked for, no stash waits', () => {
    expectAccepted(stored<ClaimState>({ ...plain, ...nulls }), set(meeting), meeting);
    expectUntouched(stored<ClaimState>({ ...call, ...nulls, previousState: lunch }), end('call'), false);
    expectAccepted(stored<ClaimState>({ ...call, previousState: null }), end(), CLEARED);
  });
});
