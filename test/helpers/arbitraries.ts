import fc from 'fast-check';
import type { ClaimRequest } from '../../domain/claims';
import type { SessionCommand } from '../../domain/sessions';
import {
  CLAIM_SOURCES,
  STATUSES,
  type Claim,
  type ClaimState,
  type Session,
  type UserRecord,
} from '../../domain/types';

/*
 * What fast-check draws from. Names come from small pools, so that ids, texts and moments meet by chance;
 * moments lie around NOW_MS and often exactly on it.
 */

const MINUTE = 60_000;
export const NOW_MS = Date.UTC(2025, 0, 15, 12);

const status = fc.constantFrom(...STATUSES);
const source = fc.constantFrom(...CLAIM_SOURCES);
const text = fc.constantFrom('', 'in a call', 'in a meeting', 'lunch');
const claimId = fc.constantFrom('call', 'calendar', 'app');
const sessionId = fc.constantFrom('s1', 's2', 's3');
const instanceId = fc.constantFrom('node-1', 'node-2', 'node-3');
const roles = fc.subarray(['user', 'admin', 'bot']);
const type = fc.constantFrom('user', 'bot', 'app');
const username = fc.constantFrom('ann', 'bob');
const name = fc.constantFrom('', 'Ann', 'Bob');

const momentFrom = (earliestMs: number) =>
  fc
    .oneof(
      fc.integer({ min: earliestMs, max: NOW_MS + 5 * MINUTE }),
      fc.constantFrom(...[NOW_MS - 1, NOW_MS, NOW_MS + 1].filter((ms) => ms >= earliestMs)),
    )
    .map((ms) => new Date(ms));
const moment = momentFrom(NOW_MS - 5 * MINUTE);

/** How old a lease must be to be written again; never 0, as no lease is refreshed twice in one moment. */
export const refreshAfterMs = fc.integer({ min: 1, max: 5 * MINUTE });

const claimFields = { statusDefault: status, statusText: text, statusSource: source, statusId: claimId };
const claimEndingAt = (statusExpiresAt: fc.Arbitrary<Date>): fc.Arbitrary<Claim> =>
  fc.record({ ...claimFields, statusExpiresAt }, { requiredKeys: ['statusDefault'] });
const claim = claimEndingAt(moment);

const stateFields = {
  ...claimFields,
  statusExpiresAt: moment,
  previousState: claim,
  presenceWaiting: fc.array(claim, { minLength: 1, maxLength: 3 }),
};
/** A user's claims; any of them may have expired. */
export const claimState: fc.Arbitrary<ClaimState> = fc.record(stateFields, { requiredKeys: [] });

const identityFields = { username, name, type, roles };
export const identity = fc.record(identityFields, { requiredKeys: [] });

const presenceFields = { status, statusConnection: status, presenceRev: fc.nat({ max: 9 }), _id: fc.constant('u1') };
export const user: fc.Arbitrary<UserRecord> = fc.record(
  { ...stateFields, ...identityFields, ...presenceFields },
  { requiredKeys: ['_id', 'presenceRev'] },
);

const session: fc.Arbitrary<Session> = fc.record({
  id: sessionId,
  instanceId,
  status,
  _createdAt: moment,
  _updatedAt: moment,
});
/** May hold duplicates of one id, which upstream may have left (contract W21). */
export const sessions = fc.array(session, { maxLength: 5 });

const requestWith = (asked: fc.Arbitrary<Claim>): fc.Arbitrary<ClaimRequest> =>
  fc.oneof(
    { weight: 3, arbitrary: asked.map((claim): ClaimRequest => ({ kind: 'setActive', claim })) },
    { weight: 2, arbitrary: claimId.map((statusId): ClaimRequest => ({ kind: 'endActive', statusId })) },
    { weight: 1, arbitrary: fc.constantFrom<ClaimRequest>({ kind: 'clearActive' }, { kind: 'setOnline' }) },
    { weight: 1, arbitrary: text.map((statusText): ClaimRequest => ({ kind: 'setText', statusText })) },
  );
/**
 * Requests that mean the same when repeated. `endActive` without an id is none of them: by contract
 * C9 its second call ends what the first restored.
 */
export const repeatableRequest = requestWith(claim);
/** As they pass the edge: a claim ends in the future or never (contract 2.1). */
export const request: fc.Arbitrary<ClaimRequest> = fc.oneof(
  { weight: 5, arbitrary: requestWith(claimEndingAt(momentFrom(NOW_MS + 1))) },
  { weight: 1, arbitrary: fc.constant<ClaimRequest>({ kind: 'endActive' }) },
);
export const requests = fc.array(request, { maxLength: 4 });

export const sessionCommand: fc.Arbitrary<SessionCommand> = fc.oneof(
  fc.record({ kind: fc.constantFrom('connect', 'heartbeat'), session: sessionId, instanceId }),
  fc.record({ kind: fc.constant('sessionStatus'), session: sessionId, status }),
  fc.record({ kind: fc.constant('disconnect'), session: sessionId }),
  fc.record({ kind: fc.constant('dropInstance'), instanceId }),
  fc.record({
    kind: fc.constant('dropOtherInstances'),
    keep: fc.subarray(['node-1', 'node-2', 'node-3']).map((ids) => new Set(ids)),
  }),
);

/** Rocket.Chat's enum also has `disabled`, which presence never stores but another writer might. */
const junkStatus = fc.constantFrom(...STATUSES, 'disabled');
/** Any field may be null or missing, as in a database that others write to. */
const junk = <T extends Record<string, fc.Arbitrary<unknown>>>(fields: T) =>
  fc.record(Object.fromEntries(Object.entries(fields).map(([key, value]) => [key, fc.option(value, { nil: null })])), {
    requiredKeys: [],
  });
const junkFields = { ...claimFields, statusDefault: junkStatus, statusExpiresAt: moment };
const junkClaim = junk(junkFields);
// The casts below are the point: documents that the types forbid, and a database may hold all the same.
export const junkUser = junk({
  ...junkFields,
  ...identityFields,
  ...presenceFields,
  previousState: junkClaim,
  presenceWaiting: fc.array(junkClaim, { maxLength: 2 }),
}).map((document) => document as unknown as UserRecord);
export const junkSessions = fc
  .array(junk({ id: sessionId, instanceId, status: junkStatus, _createdAt: moment, _updatedAt: moment }), {
    maxLength: 4,
  })
  .map((documents) => documents as unknown as Session[]);
export const junkRequest = fc
  .oneof(
    fc.record({ kind: fc.constant('setActive'), claim: junkClaim }),
    junk({ statusId: claimId }).map((fields) => ({ kind: 'endActive', ...fields })),
    fc.constant({ kind: 'clearActive' }),
  )
  .map((fields) => fields as unknown as ClaimRequest);
