import fc from 'fast-check';
import { listClaims } from '../../../domain/claim-list';
import { applyClaim, settleExpiry, type ClaimRequest } from '../../../domain/claims';
import type { Claim, ClaimState } from '../../../domain/types';
import { isExpired, isSameClaim, MAX_WAITING, priorityOf, waitingOf } from '../../../domain/waiting';
import * as given from '../../helpers/arbitraries';
import { NOW_MS } from '../../helpers/arbitraries';
import { runs } from '../../helpers/property-runs';

fc.configureGlobal(runs(100));

const internal = (id: string): Claim => ({
  statusDefault: 'busy',
  statusText: id,
  statusSource: 'internal',
  statusId: id,
});
const external = (id: string): Claim => ({ ...internal(id), statusSource: 'external' });
const lunch: Claim = { statusDefault: 'away', statusText: 'lunch', statusSource: 'manual' };
const set = (claim: Claim): ClaimRequest => ({ kind: 'setActive', claim });
const end = (statusId?: string): ClaimRequest => ({ kind: 'endActive', statusId });
const after = (...requests: ClaimRequest[]) =>
  requests.reduce<ClaimState>((state, request) => applyClaim(state, request, NOW_MS).state, {});
const said = (state: ClaimState) => [state, ...waitingOf(state)].map(({ statusText }) => statusText);

describe('any number of claims wait', () => {
  test('and come back one after the other, the last one first', () => {
    const ids = Array.from({ length: 100 }, (_, i) => `call-${i}`);
    let state = after(...ids.map((id) => set(internal(id))));
    expect(said(state)).toEqual(ids.toReversed());
    for (const id of ids.toReversed()) {
      expect(state.statusId).toBe(id);
      state = applyClaim(state, end(), NOW_MS).state;
    }
    expect(state).toEqual({ statusDefault: 'online', statusText: '' });
  });

  test('the stronger before the weaker, whenever they came', () => {
    const orders = [
      [external('golf'), internal('call'), lunch, external('chess')],
      [internal('call'), external('golf'), external('chess'), lunch],
      [internal('call'), lunch, external('golf'), external('chess')],
    ];
    for (const order of orders) expect(said(after(...order.map(set)))).toEqual(['call', 'lunch', 'chess', 'golf']);
  });

  test('each is ended by its id where it waits, and what waits for Rocket.Chat is then the next', () => {
    const all = after(...[internal('call'), lunch, external('golf'), external('chess')].map(set));
    expect(said(applyClaim(all, end('chess'), NOW_MS).state)).toEqual(['call', 'lunch', 'golf']);
    const withoutLunch = after(...[internal('call'), internal('next'), external('golf')].map(set), end('call'));
    expect(withoutLunch).toMatchObject({ statusId: 'next', previousState: external('golf') });
  });

  test('where the one that waited next becomes active, none comes next whose time is over', () => {
    const over = { ...external('over'), statusExpiresAt: new Date(NOW_MS - 1) };
    const waiting = { previousState: internal('call'), presenceWaiting: [over, external('golf')] };
    const { state } = applyClaim(waiting, set(internal('call')), NOW_MS);
    expect(state).toMatchObject({ statusId: 'call', previousState: external('golf') });
    expect(settleExpiry(state, NOW_MS)).toBe(state);
  });

  test('one announced again where it waits is there once', () => {
    const moved = { ...external('golf'), statusText: 'moved' };
    expect(said(after(...[internal('call'), external('golf'), external('chess'), moved].map(set)))).toEqual([
      'call',
      'moved',
      'chess',
    ]);
    expect(said(after(...[internal('one'), internal('two'), internal('one')].map(set)))).toEqual(['one', 'two']);
    // Of two that waited one is active now. The other one does not end it by coming again (C3c updates one voice).
    const two = after(...[internal('call'), external('golf'), external('chess')].map(set), end());
    expect(said(applyClaim(two, set(external('golf')), NOW_MS).state)).toEqual(['golf', 'chess']);
  });

  test('what the user says himself takes the place of all that is not stronger', () => {
    const golf: Claim = { ...lunch, statusText: 'golf' };
    expect(said(after(...[external('a'), external('b'), lunch].map(set)))).toEqual(['lunch']);
    expect(said(after(...[internal('call'), lunch, external('a'), golf].map(set)))).toEqual(['call', 'golf', 'a']);
    expect(after(...[internal('call'), lunch, external('a')].map(set), { kind: 'clearActive' })).toEqual({
      statusDefault: 'online',
      statusText: '',
    });
  });

  test('up to a limit that only a mistake reaches: then nothing that waits is lost', () => {
    const many = Array.from({ length: MAX_WAITING }, (_, i) => external(`e${i}`));
    const full = after(set(internal('call')), ...many.map(set));
    const outcome = applyClaim(full, set(external('one more')), NOW_MS);
    expect(outcome).toEqual({ accepted: false, state: full });
    expect(waitingOf(full)).toHaveLength(MAX_WAITING);
    expect(applyClaim(full, set({ ...external('e0'), statusText: 'again' }), NOW_MS).accepted).toBe(true);
  });
});

describe('time', () => {
  const SECOND = 1000;
  const ending = (claim: Claim, inMs: number): Claim => ({ ...claim, statusExpiresAt: new Date(NOW_MS + inMs) });

  test('what has ended while it waited does not come back', () => {
    const state = after(...[external('a'), ending(internal('b'), SECOND), internal('c')].map(set));
    const later = applyClaim(state, end(), NOW_MS + 2 * SECOND).state;
    expect(later).toEqual(external('a'));
  });

  test('Rocket.Chat sees the next one wait when the best has ended, before anything else happens', () => {
    const state = after(...[external('a'), ending(internal('b'), SECOND), internal('c')].map(set));
    expect(state.previousState).toMatchObject({ statusId: 'b' });
    expect(settleExpiry(state, NOW_MS + SECOND)).toBe(state);
    expect(settleExpiry(state, NOW_MS + SECOND + 1)).toMatchObject({ statusId: 'c', previousState: external('a') });
  });
});

describe('properties', () => {
  const keyed = fc.array(given.request, { maxLength: 12 });

  test('the best waits where Rocket.Chat looks, in the order of power, none twice, however they came', () => {
    fc.assert(
      fc.property(keyed, (requests) => {
        const waiting = waitingOf(after(...requests));
        const powers = waiting.map(({ statusSource }) => priorityOf(statusSource));
        expect(powers).toEqual(powers.toSorted());
        waiting.forEach((one, i) => expect(waiting.findIndex((other) => isSameClaim(other, one))).toBe(i));
      }),
    );
  });

  test('what has no more than one claim waiting at any time goes as upstream’s does: nothing but its fields is stored', () => {
    fc.assert(
      fc.property(keyed, (requests) => {
        const next = after(...requests);
        fc.pre(waitingOf(next).length <= 1);
        expect(next).not.toHaveProperty('presenceWaiting');
      }),
    );
  });

  test('an accepted claim with an id is there until it ends, unless its own voice or the user says otherwise', () => {
    fc.assert(
      fc.property(keyed, fc.constantFrom('internal' as const, 'external' as const), (requests, statusSource) => {
        const mine: Claim = { statusDefault: 'busy', statusText: 'mine', statusSource, statusId: 'mine' };
        const outcome = applyClaim(after(...requests), set(mine), NOW_MS);
        fc.pre(outcome.accepted);
        const later = requests.filter(
          (request) => request.kind === 'setActive' && request.claim.statusSource === 'internal',
        );
        const state = later.reduce((all, request) => applyClaim(all, request, NOW_MS).state, outcome.state);
        expect([state, ...waitingOf(state)].map(({ statusId }) => statusId)).toContain('mine');
      }),
    );
  });
});

describe('the list of claims', () => {
  test('tells of each what it is, the active one apart', () => {
    const state = after(...[internal('call'), lunch, { statusDefault: 'away' } as Claim].map(set));
    expect(listClaims(state, NOW_MS)).toEqual({
      active: { id: 'call', source: 'internal', priority: 1, status: 'busy', text: 'call', expiresAt: undefined },
      waiting: [
        { id: undefined, source: 'manual', priority: 2, status: 'away', text: 'lunch', expiresAt: undefined },
        { id: undefined, source: undefined, priority: 4, status: 'away', text: undefined, expiresAt: undefined },
      ],
    });
    expect(listClaims({}, NOW_MS)).toEqual({ waiting: [] });
    expect(listClaims({ statusDefault: 'online', statusText: '' }, NOW_MS)).toEqual({ waiting: [] });
  });

  test('holds only what holds at that time', () => {
    fc.assert(
      fc.property(given.claimState, (state) => {
        const { active, waiting } = listClaims(state, NOW_MS);
        for (const { expiresAt } of [active ?? {}, ...waiting]) {
          expect(isExpired({ statusExpiresAt: expiresAt }, NOW_MS)).toBe(false);
        }
      }),
    );
  });
});
