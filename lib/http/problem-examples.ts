import { ERROR_CODES, invalidArgument, PresenceError, type ErrorCode } from '../wire/errors';
import { problemOf, type Problem } from './problems';

/** What is said where the text is not always the same. */
const SAID: Partial<Readonly<Record<ErrorCode, string>>> = {
  EXPIRY_NOT_IN_FUTURE: 'expiresAt must be a future date',
  USERS_NOT_OURS: 'the users of this database belong to Rocket.Chat',
  NOT_OWNER: 'Rocket.Chat’s core decides presence here',
  HISTORY_OFF: 'no history is kept: HISTORY_RETENTION_DAYS is 0',
  UNKNOWN_USER: 'there is no such user',
  TOO_MANY_SCHEDULES: 'a user has 200 schedules at most',
  UNKNOWN_CALLBACK: 'there is no such callback',
  TARGET_REFUSED: 'url: must not lead to a private network',
  TOO_MANY_CALLBACKS: 'there are 200 callbacks at most',
  NOT_CONFIGURED: 'there is no account at Rocket.Chat',
  ROCKETCHAT_REFUSED: 'Rocket.Chat does not take this status',
  ROCKETCHAT_UNAVAILABLE: 'Rocket.Chat does not do it: it does not answer',
  BUSY: 'too many calls are waiting, try again',
  STOPPING: 'this node is stopping, call another',
  CONFLICT: 'other replicas kept changing this user, try again',
  STORE_UNAVAILABLE: 'the store is not reachable, try again',
  TOO_LARGE: 'the answer has 34000000 bytes, the bus carries 1048576: ask for less at once',
  KEEPER_UNAVAILABLE: 'the replica that keeps the state is not reachable, try again',
  UNAUTHENTICATED: 'a valid token is needed',
  FORBIDDEN: 'this needs the scope write',
  ORIGIN_NOT_ALLOWED: 'pages of this origin may not connect; CORS_ORIGINS names those that may',
  METHOD_NOT_ALLOWED: 'this address takes GET, HEAD',
  REQUEST_TOO_SLOW: 'the request did not arrive in time',
  METRICS_OFF: 'nothing is counted: MS_METRICS is not true',
  EXPECTATION_FAILED: 'nothing but 100-continue can be expected',
  RATE_LIMITED: 'too many requests; again in 42 s',
  HEADERS_TOO_LARGE: 'the head of the request is too long',
  AUTH_UNAVAILABLE: 'Rocket.Chat cannot be asked who the caller is: it does not answer',
};

function exampleOf(code: ErrorCode): Problem {
  if (code === 'INVALID_ARGUMENT') return problemOf(invalidArgument('limit', 'must be a whole number'));
  return problemOf(new PresenceError(code, SAID[code] ?? ''));
}

/** A problem of each code, for the document. */
export const EXAMPLES: Readonly<Record<string, { readonly value: Problem }>> = Object.fromEntries(
  (Object.keys(ERROR_CODES) as ErrorCode[]).map((code) => [code, { value: exampleOf(code) }]),
);
