import { settleExpiry } from '../../../domain/claims';
import type { Claim, ClaimState } from '../../../domain/types';
import { isExpired } from '../../../domain/waiting';
import {
  NOW_MS,
  PAST,
  NOW,
  LATER,
  CLEARED,
  set,
  end,
  clear,
  stored,
  call,
  meeting,
  lunch,
  golf,
  plain,
  invisible,
  expired,
  over,
  expectAccepted,
  expectUntouched,
} from '../../helpers/claim-builders';

describe('clearActive (C1)', () => {
  test.each<[string, ClaimState]>([
    ['a claim with all fields and a stash', over(meeting, lunch)],
    ['an invisible user', invisible],
  ])('resets %s to online without text', (_name, state) => expectAccepted(state, clear, CLEARED));

  test.each<ClaimState>([{}, { statusDefault: 'online' }, { statusText: '' }, CLEARED])(
    'leaves a user without any claim as it is: %j',
    (state) => expectUntouched(state, clear, true),
  );
});

describe('setActive on an invisible user (C2)', () => {
  test.each([call, meeting, plain])('is rejected unless manual: %j', (claim) => {
    expectUntouched(invisible, set(claim), false);
    expectUntouched({ ...invisible, previousState: meeting }, set(claim), false);
  });

  test('is accepted when manual', () => expectAccepted(invisible, set(lunch), lunch));
});

describe('setActive by priority (C3, C3a–C3c, C4)', () => {
  type Result = 'active, the old waits' | 'active, nothing waits' | 'waits';
  const table: [current: Claim, claim: Claim, Result][] = [
    [call, { ...call, statusId: 'call-2' }, 'active, the old waits'],
    [call, lunch, 'waits'],
    [call, meeting, 'waits'],
    [call, plain, 'waits'],
    [lunch, call, 'active, the old waits'],
    [lunch, golf, 'active, nothing waits'],
    [lunch, meeting, 'waits'],
    [lunch, plain, 'waits'],
    [meeting, call, 'active, the old waits'],
    [meeting, lunch, 'active, nothing waits'],
    [meeting, { ...golf, statusSource: 'external' }, 'active, nothing waits'],
    [meeting, plain, 'waits'],
    [plain, call, 'active, nothing waits'],
    [plain, lunch, 'active, nothing waits'],
    [plain, meeting, 'active, nothing waits'],
    [plain, { statusDefault: 'busy', statusText: 'other' }, 'active, nothing waits'],
  ];

  test.each(table)('over %j comes %j: %s', (current, claim, result) => {
    const expected = {
      'active, the old waits': over(claim, current),
      'active, nothing waits': claim,
      waits: over(current, claim),
    };
    expectAccepted(current, set(claim), expected[result]);
  });
});

describe('setActive with equal or greater power (C3)', () => {
  test('takes expiry and id from the claim, and clears them when the claim has none', () => {
    const timed: Claim = { ...golf, statusExpiresAt: LATER, statusId: 'm1' };
    expectAccepted(lunch, set(timed), timed);
    expectAccepted(meeting, set(lunch), lunch);
  });

  test.each<[string, string | undefined, string]>([
    ['an absent text leaves the old text', undefined, 'in a meeting'],
    ['an empty text clears the text', '', ''],
    ['a given text replaces the text', 'swimming', 'swimming'],
  ])('%s', (_name, statusText, shown) => {
    const claim: Claim = { statusDefault: 'away', statusText, statusSource: 'manual' };
    expectAccepted(meeting, set(claim), { statusDefault: 'away', statusText: shown, statusSource: 'manual' });
  });

  test('manual drops a stash (C3a)', () => expectAccepted(over(meeting, plain), set(lunch), lunch));

  test('a stronger claim, or another internal one, stashes the active one before the older stash (C3b)', () => {
    const second: Claim = { ...call, statusId: 'call-2' };
    expectAccepted(over(call, lunch), set(second), over(second, call, lunch));
    expectAccepted(over(lunch, meeting), set(call), over(call, lunch, meeting));
    expectAccepted(over(meeting, plain), set(call), over(call, meeting, plain));
    expectAccepted(over(meeting, expired(plain)), set(call), over(call, meeting));
  });

  test('a stash of a claim without text and default gets an empty text and online (C3b)', () => {
    const stash: Claim = { statusDefault: 'online', statusText: '', statusSource: 'external' };
    expectAccepted({ statusSource: 'external' }, set(call), over(call, stash));
  });

  test('external over external updates in place and keeps the stash (C3c)', () => {
    const moved: Claim = { ...meeting, statusText: 'moved', statusId: 'other' };
    expectAccepted(over(meeting, plain), set(moved), over(moved, plain));
  });

  test('over a user without a source there is nothing to stash, and the stash stays', () => {
    expectAccepted(over(plain, meeting), set(call), over(call, meeting));
  });
});

describe('setActive weaker than the active claim (C4–C6)', () => {
  test.each<[string, Claim, Claim, Claim]>([
    ['C4 an expired stash of greater power', call, expired(lunch), meeting],
    ['C5 a stash without a source', call, plain, { statusDefault: 'busy' }],
    ['C5 what the user said before', call, lunch, golf],
  ])('replaces %s and leaves the display', (_name, active, stash, claim) => {
    expectAccepted(over(active, stash), set(claim), over(active, claim));
  });

  test.each<[string, Claim, Claim, Claim]>([
    ['a stash of equal power', call, meeting, { ...golf, statusSource: 'external' }],
    ['a stash of lesser power', call, meeting, lunch],
  ])('takes the place of %s, which goes on waiting (C5)', (_name, active, stash, claim) => {
    expectAccepted(over(active, stash), set(claim), over(active, claim, stash));
  });

  // C6 rejects: there is one place to wait. Here there are more (decisions/0010).
  test.each<[string, Claim, Claim, Claim]>([
    ['a stronger stash', call, lunch, meeting],
    ['a stronger stash that ends this very moment', call, { ...lunch, statusExpiresAt: NOW }, meeting],
    ['a stash with a source, the claim having none', call, meeting, plain],
  ])('waits behind %s (C6)', (_name, active, stash, claim) =>
    expectAccepted(over(active, stash), set(claim), over(active, stash, claim)),
  );

  test('the same waiting claim again is accepted and leaves the very same state', () => {
    expectUntouched(over(call, meeting), set({ ...meeting }), true);
  });
});

describe('endActive (C7–C10)', () => {
  test('of the stash alone keeps the display (C7)', () => expectAccepted(over(call, meeting), end('calendar'), call));
  test.each([over(call, meeting), over(call, lunch), lunch, {}])('of an unknown id is rejected (C8): %j', (state) =>
    expectUntouched(state, end('nobody'), false),
  );

  test.each([undefined, 'call'])('restores a valid stash, id given: %s (C9)', (id) => {
    expectAccepted(over(call, meeting), end(id), meeting);
    expectAccepted(over({ ...call, statusExpiresAt: LATER }, lunch), end(id), lunch); // no expiry, no id left over
    expectAccepted(over(call, { ...lunch, statusExpiresAt: NOW }), end(id), { ...lunch, statusExpiresAt: NOW });
  });

  test('restoring a stash that never had a text does not keep the text of what ended (C9)', () => {
    expectAccepted(over(call, { statusDefault: 'away' }), end(), { statusDefault: 'away', statusText: '' });
  });

  test.each([undefined, 'call'])('without a valid stash resets, id given: %s (C10)', (id) => {
    expectAccepted(call, end(id), CLEARED);
    expectAccepted(over(call, expired(lunch)), end(id), CLEARED);
  });

  test('leaves a user who has no claim at all as it is (C10)', () => expectUntouched({}, end(), true));
});

describe('the same claim announced again replaces itself', () => {
  test('by id, even with another text, keeping what waits', () => {
    expectUntouched(over(call, lunch), set({ ...call }), true);
    const again: Claim = { ...call, statusText: 'in another call' };
    expectAccepted(over(call, lunch), set(again), over(again, lunch));
  });

  const noId: Claim = { statusDefault: 'busy', statusText: 'in a call', statusSource: 'internal' };
  test('by content where there is no id, with its text or with none', () => {
    expectUntouched(over(noId, lunch), set({ ...noId }), true);
    expectUntouched(over(noId, lunch), set({ ...noId, statusText: undefined }), true);
  });

  test.each<[string, Claim, Claim]>([
    ['another id', call, { ...call, statusId: 'call-2' }],
    ['an id where there was none', noId, call],
    ['no id where there was one', call, noId],
    ['another default, no id', noId, { ...noId, statusDefault: 'away' }],
    ['another text, no id', noId, { ...noId, statusText: '' }],
    ['another end, no id', noId, { ...noId, statusExpiresAt: LATER }],
    ['the same id of another source', { ...meeting, statusId: 'call' }, call],
  ])('%s is another claim and stacks', (_name, first, second) =>
    expectAccepted(first, set(second), over(second, first)),
  );
});

describe('time', () => {
  test('a claim is expired strictly after its end, and never without an end', () => {
    const ends = [PAST, NOW, LATER, undefined];
    expect(ends.map((statusExpiresAt) => isExpired({ statusExpiresAt }, NOW_MS))).toEqual([true, false, false, false]);
  });

  test.each<[string, ClaimState]>([
    ['no end', lunch],
    ['an end at this very moment', { ...lunch, statusExpiresAt: NOW }],
    ['an end of null', stored<ClaimState>({ ...lunch, statusExpiresAt: null })],
    ['an expired stash only', over(call, expired(lunch))],
  ])('settleExpiry gives back the very same state with %s', (_name, state) => {
    expect(settleExpiry(state, NOW_MS)).toBe(state);
  });

  test.each<[string, ClaimState, ClaimState]>([
    ['resets an expired claim', expired(call), CLEARED],
    ['restores what waits behind it', over(expired(call), lunch), lunch],
    ['resets when what waits has expired too', over(expired(call), expired(lunch)), CLEARED],
  ])('settleExpiry %s', (_name, state, after) => expect(settleExpiry(state, NOW_MS)).toStrictEqual(after));
});
