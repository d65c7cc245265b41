import { CLAIM_SOURCES, STATUSES } from '../../domain/types';
import { PresenceError } from '../errors';
import { UID } from './parameters';
import type { Arguments, Operation } from './operation';
import { arrayOf, ID, oneOf, record, ref, STATUS_TEXT, TEXT, TIME } from './schema-parts';

const USER = '/api/v1/users/:uid';
const TAG = 'Claims';

const claimOf = ({ uid, status, text, source, ...when }: Arguments) => ({
  uid,
  claim: { statusDefault: status, statusText: text, statusSource: source },
  ...when,
});

/** @throws PresenceError NOT_FOUND */
function refuseUnless(wasThere: unknown): undefined {
  if (wasThere !== true) throw new PresenceError('NOT_FOUND', 'the user has no such schedule');
}

export const CLAIM_ROUTES: readonly Operation[] = [
  {
    id: 'getClaims',
    method: 'GET',
    path: `${USER}/claims`,
    tag: TAG,
    summary: 'What is claimed of a user, and what waits behind it',
    scope: 'read',
    action: 'presence.claims',
    inPath: UID,
    answer: { oneOf: [ref('Claims'), ref('UnknownPresence')] },
  },
  {
    id: 'listSchedules',
    method: 'GET',
    path: `${USER}/schedules`,
    tag: TAG,
    summary: 'A user’s schedules that are not over, the next one first',
    scope: 'read',
    action: 'presence.schedules',
    inPath: UID,
    answer: record({ schedules: arrayOf(ref('Schedule')) }),
    toAnswer: (schedules) => ({ schedules }),
  },
  {
    id: 'addSchedule',
    method: 'POST',
    path: `${USER}/schedules`,
    tag: TAG,
    summary: 'A claim to be made later: once from `startsAt` to `endsAt`, or `weekly`',
    scope: 'write',
    action: 'presence.schedule',
    inPath: UID,
    body: {
      required: ['status'],
      members: {
        status: oneOf(STATUSES),
        text: { ...STATUS_TEXT, type: ['string', 'null'] },
        source: { ...oneOf(CLAIM_SOURCES), default: 'internal' },
        startsAt: TIME,
        endsAt: TIME,
        weekly: ref('WeeklyHours'),
        timeZone: { ...TEXT, default: 'UTC' },
      },
      example: { status: 'busy', text: 'lunch', weekly: { days: ['MO', 'FR'], from: '12:00', to: '13:00' } },
    },
    toAction: claimOf,
    names: { 'claim.statusDefault': 'status', 'claim.statusText': 'text', 'claim.statusSource': 'source' },
    status: 201,
    answer: ref('Schedule'),
    location: ({ id }, { uid }) =>
      `users/${encodeURIComponent(String(uid))}/schedules/${encodeURIComponent(String(id))}`,
    problems: ['NOT_OWNER', 'UNKNOWN_USER', 'TOO_MANY_SCHEDULES'],
  },
  {
    id: 'cancelSchedule',
    method: 'DELETE',
    path: `${USER}/schedules/:id`,
    tag: TAG,
    summary: 'Removes a schedule; its claim, if it holds now, ends at once',
    scope: 'write',
    action: 'presence.cancelSchedule',
    inPath: { ...UID, id: { schema: ID, description: 'id of a schedule' } },
    status: 204,
    toAnswer: refuseUnless,
    problems: ['NOT_FOUND'],
  },
  {
    id: 'explainUser',
    method: 'GET',
    path: `${USER}/explain`,
    tag: TAG,
    summary: 'Why a user is shown so',
    scope: 'admin',
    action: 'presence.explain',
    inPath: UID,
    answer: { oneOf: [ref('Explanation'), ref('NobodyKnown')] },
  },
];
