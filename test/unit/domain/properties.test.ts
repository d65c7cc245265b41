import fc from 'fast-check';
import { applyClaim, settleExpiry, type ClaimRequest } from '../../../domain/claims';
import { withWrittenStatus } from '../../../domain/held-claims';
import { decide, shownOf } from '../../../domain/presence';
import { applySessionCommand, type SessionCommand } from '../../../domain/sessions';
import { connectionStatus, presenceOf } from '../../../domain/status';
import type { ClaimState, Session, UserRecord } from '../../../domain/types';
import { waitingOf } from '../../../domain/waiting';
import * as given from '../../helpers/arbitraries';
import { NOW_MS } from '../../helpers/arbitraries';
import { runs } from '../../helpers/property-runs';

fc.configureGlobal(runs());
const decideNow = (user: UserRecord, sessions: readonly Session[], requests: ClaimRequest[] = []) =>
  decide(user, sessions, requests, undefined, NOW_MS);

describe('claims', () => {
  /**
   * Two claims of one id: by contract C7 and C9 the first end restores or uncovers the other, the
   * second ends it in turn. Not a flaw of repetition: the id names two claims.
   */
  const oneIdForTwoClaims = (state: ClaimState) => {
    const ids = [state, ...waitingOf(state)].flatMap(({ statusId }) => statusId ?? []);
    return new Set(ids).size < ids.length;
  };

  test('asking for the same thing twice changes nothing the second time', () => {
    const distinct = given.claimState.filter((state) => !oneIdForTwoClaims(state));
    fc.assert(
      fc.property(distinct, given.repeatableRequest, (state, request) => {
        const once = applyClaim(state, request, NOW_MS).state;
        expect(applyClaim(once, request, NOW_MS).state).toBe(once);
      }),
    );
  });

  test('a rejected request leaves the very same state', () => {
    fc.assert(
      fc.property(given.claimState, given.request, (state, request) => {
        const outcome = applyClaim(state, request, NOW_MS);
        fc.pre(!outcome.accepted);
        expect(outcome.state).toBe(state);
      }),
    );
  });

  test('a manual request and a clear are never rejected while the active claim is not internal', () => {
    const notInternal = given.claimState.filter(({ statusSource }) => statusSource !== 'internal');
    fc.assert(
      fc.property(notInternal, given.request, (state, request) => {
        fc.pre(
          request.kind === 'clearActive' || (request.kind === 'setActive' && request.claim.statusSource === 'manual'),
        );
        expect(applyClaim(state, request, NOW_MS).accepted).toBe(true);
      }),
    );
  });

  test('after settling no active claim is expired, and settling again changes nothing', () => {
    fc.assert(
      fc.property(given.claimState, (state) => {
        const settled = settleExpiry(state, NOW_MS);
        expect(settled.statusExpiresAt?.getTime() ?? NOW_MS).toBeGreaterThanOrEqual(NOW_MS);
        expect(settleExpiry(settled, NOW_MS)).toBe(settled);
      }),
    );
  });
});

describe('sessions', () => {
  const after = (sessions: readonly Session[], command: SessionCommand, refreshMs: number) =>
    applySessionCommand(sessions, command, NOW_MS, refreshMs).sessions;

  test('a command applied twice gives the very same array the second time', () => {
    fc.assert(
      fc.property(given.sessions, given.sessionCommand, given.refreshAfterMs, (sessions, command, refreshMs) => {
        const once = after(sessions, command, refreshMs);
        expect(after(once, command, refreshMs)).toBe(once);
      }),
    );
  });

  test('a session is gone after its disconnect, whatever came before, and nothing else is', () => {
    fc.assert(
      fc.property(
        given.sessions,
        fc.array(given.sessionCommand),
        given.refreshAfterMs,
        (sessions, commands, refreshMs) => {
          const before = commands.reduce<readonly Session[]>(
            (all, command) => after(all, command, refreshMs),
            sessions,
          );
          const left = after(before, { kind: 'disconnect', session: 's1' }, refreshMs);
          expect(left).toEqual(before.filter(({ id }) => id !== 's1'));
        },
      ),
    );
  });

  test('a command says it changed nothing by the very same array, and only then', () => {
    fc.assert(
      fc.property(given.sessions, given.sessionCommand, given.refreshAfterMs, (sessions, command, refreshMs) => {
        const left = after(sessions, command, refreshMs);
        const differs = left.length !== sessions.length || left.some((session, i) => session !== sessions[i]);
        expect(left !== sessions).toBe(differs);
      }),
    );
  });

  test('a session is online after its connect', () => {
    fc.assert(
      fc.property(given.sessions, given.refreshAfterMs, (sessions, refreshMs) => {
        const left = after(sessions, { kind: 'connect', session: 's1', instanceId: 'node-1' }, refreshMs);
        expect(connectionStatus(left)).toBe('online');
      }),
    );
  });
});

describe('status', () => {
  /** Contract 8.1: without an online session the last that is not offline wins, so there order does count. */
  const orderCounts = (sessions: readonly Session[]) => {
    const statuses = new Set(sessions.map(({ status }) => status));
    return !statuses.has('online') && statuses.has('away') && statuses.has('busy');
  };

  test('the order of sessions does not matter, unless none is online and away and busy meet', () => {
    const shuffled = given.sessions
      .filter((sessions) => !orderCounts(sessions))
      .chain((sessions) =>
        fc.tuple(
          fc.constant(sessions),
          fc.shuffledSubarray(sessions, { minLength: sessions.length, maxLength: sessions.length }),
        ),
      );
    fc.assert(
      fc.property(given.user, shuffled, (user, [sessions, reordered]) => {
        expect(presenceOf(user, reordered)).toEqual(presenceOf(user, sessions));
      }),
    );
  });

  test('is a function of state: what is decided follows from what is stored, whatever was asked', () => {
    fc.assert(
      fc.property(
        given.user,
        given.sessions,
        given.requests,
        fc.option(given.identity),
        (user, sessions, requests, who) => {
          const { after } = decide(user, sessions, requests, who ?? undefined, NOW_MS);
          expect(presenceOf(after, sessions)).toEqual({
            status: after.status,
            statusConnection: after.statusConnection,
          });
        },
      ),
    );
  });

  test('is a function of state: what was shown before has no say', () => {
    fc.assert(
      fc.property(given.user, given.user, given.sessions, given.requests, (user, other, sessions, requests) => {
        const { status, statusConnection, presenceRev } = other;
        const otherwise = { ...user, status, statusConnection, presenceRev };
        // But what another writer set a service user to is a claim (docs/decisions/0001).
        fc.pre(withWrittenStatus(user) === user && withWrittenStatus(otherwise) === otherwise);
        const elsewhere = decideNow(otherwise, sessions, requests).after;
        const here = decideNow(user, sessions, requests).after;
        expect(shownOf(elsewhere)).toEqual(shownOf(here));
        expect(elsewhere.statusConnection).toBe(here.statusConnection);
      }),
    );
  });
});

describe('decide', () => {
  test('applied to its own result changes nothing', () => {
    fc.assert(
      fc.property(given.user, given.sessions, given.requests, given.identity, (user, sessions, requests, who) => {
        const { after } = decide(user, sessions, requests, who, NOW_MS);
        expect(decideNow(after, sessions).after).toBe(after);
        expect(decide(after, sessions, [], who, NOW_MS).after).toBe(after);
      }),
    );
  });

  test('answers every request, and counts up by one exactly when something stored differs', () => {
    fc.assert(
      fc.property(given.user, given.sessions, given.requests, (user, sessions, requests) => {
        const { before, after, accepted } = decideNow(user, sessions, requests);
        expect(before).toBe(user);
        expect(accepted).toHaveLength(requests.length);
        if (after === before) return;
        expect(after.presenceRev).toBe(before.presenceRev + 1);
        expect({ ...after, presenceRev: 0 }).not.toEqual({ ...before, presenceRev: 0 });
      }),
    );
  });

  test('leaves what it is given as it was', () => {
    fc.assert(
      fc.property(
        given.user,
        given.sessions,
        given.requests,
        given.sessionCommand,
        (user, sessions, requests, command) => {
          const copy = structuredClone({ user, sessions, requests });
          decideNow(user, sessions, requests);
          applySessionCommand(sessions, command, NOW_MS, 1);
          expect({ user, sessions, requests }).toEqual(copy);
        },
      ),
    );
  });
});
