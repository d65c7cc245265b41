import fc from 'fast-check';
import type { ClaimRequest } from '../../../domain/claims';
import { decide, isShownChange, shownOf } from '../../../domain/presence';
import { applySessionCommand } from '../../../domain/sessions';
import { STATUSES, type Session, type UserRecord } from '../../../domain/types';
import * as given from '../../helpers/arbitraries';
import { NOW_MS } from '../../helpers/arbitraries';
import { runs } from '../../helpers/property-runs';

fc.configureGlobal(runs());
const decideNow = (user: UserRecord, sessions: readonly Session[], requests: ClaimRequest[] = []) =>
  decide(user, sessions, requests, undefined, NOW_MS);

describe('junk from a database (null, missing and unknown)', () => {
  test('never makes a decision throw', () => {
    fc.assert(
      fc.property(given.junkUser, given.junkSessions, fc.array(given.junkRequest), (user, sessions, requests) => {
        const { before, after } = decideNow(user, sessions, requests);
        isShownChange(before, after);
        expect(shownOf(after).roles).toBeInstanceOf(Array);
      }),
    );
  });

  test('never makes a session command throw', () => {
    fc.assert(
      fc.property(given.junkSessions, given.sessionCommand, given.refreshAfterMs, (sessions, command, refreshMs) => {
        applySessionCommand(sessions, command, NOW_MS, refreshMs);
      }),
    );
  });

  test('in a user never shows what is no status', () => {
    fc.assert(
      fc.property(given.junkUser, given.sessions, fc.array(given.junkRequest), (user, sessions, requests) => {
        expect(STATUSES).toContain(decideNow(user, sessions, requests).after.status);
      }),
    );
  });

  test('in a session never shows what is no status', () => {
    fc.assert(
      fc.property(given.user, given.junkSessions, (user, sessions) => {
        const { status, statusConnection } = decideNow(user, sessions).after;
        expect(STATUSES).toEqual(expect.arrayContaining([status, statusConnection]));
      }),
    );
  });
});
