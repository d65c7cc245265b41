import type { RuleCustom, ValidationRule, ValidationSchema } from 'fastest-validator';
import { CLAIM_SOURCES, STATUSES, type Claim, type ClaimSource, type Identity, type Status } from '../../domain/types';
import { normalizeStatusText, wellFormed } from '../../domain/text';
import { kindOf } from './argument-faults';
import { argumentReader, msOf, type ArgumentSpec } from './arguments';
import { ID_PATTERN, MAX_ID } from './ids';
import { expiryNotInFuture, invalidArgument } from './errors';
import type { PageArguments } from '../reads/presence-reads';

/** The name Rocket.Chat looks for; unversioned (contract 1.3). */
export const SERVICE_NAME = 'presence';
export const STATUS_EVENT = 'presence.status';

/** Longest text looked at; what is shown is cut at 120 (contract 8.4), more than this is no status text. */
const MAX_RAW_TEXT = 16_384;
const MAX_ROLES = 200;
/** Items of one batch call. */
export const MAX_BATCH_ITEMS = 1000;

export const ID: RuleCustom & Record<string, unknown> = {
  type: 'string',
  min: 1,
  max: MAX_ID,
  pattern: ID_PATTERN,
  messages: { stringPattern: 'is not an id', stringEmpty: 'must not be empty' },
};
/** Absent or empty: the call is for nobody, and nothing happens (contract 2.1). */
const ID_OR_NOTHING = { ...ID, min: 0, empty: true, optional: true };
export const OPTIONAL_ID = { ...ID, optional: true };
const STATUS = { type: 'enum', values: [...STATUSES] };
const TEXT = { type: 'string', max: MAX_RAW_TEXT, empty: true, optional: true };
/** A date, or its ISO text; whether it lies in the future is looked at with the clock. */
export const MOMENT: ValidationRule = [
  { type: 'class', instanceOf: Date, optional: true },
  { type: 'string', optional: true, pattern: /^\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:?\d\d)$/, max: 40 },
];
/** Of one page. */
export const LIMIT = { type: 'number', integer: true, min: 1, max: MAX_BATCH_ITEMS, optional: true };
const CLAIM_FIELDS: ValidationSchema = {
  statusDefault: STATUS,
  statusSource: { type: 'enum', values: [...CLAIM_SOURCES], optional: true },
  statusText: TEXT,
  statusExpiresAt: MOMENT,
  statusId: OPTIONAL_ID,
};
const USER_FIELDS: ValidationSchema = {
  _id: ID,
  username: OPTIONAL_ID,
  name: { ...TEXT, max: 1024 },
  type: { ...OPTIONAL_ID, max: 32 },
  roles: { type: 'array', items: ID, max: MAX_ROLES, optional: true },
};

/** One of these words, or a list of some. */
export function oneOrSeveral(words: readonly string[]): ValidationRule {
  const word = { type: 'enum', values: [...words] };
  return [
    { ...word, optional: true },
    { type: 'array', items: word, min: 1, max: words.length, optional: true },
  ];
}

/** Makes a reader of an action's parameters (lib/wire/arguments.ts). */
export function reader<T>(
  positions: readonly string[],
  schema: ValidationSchema,
  required = true,
): (params: unknown) => T {
  const spec: ArgumentSpec = { positions, schema, required };
  return argumentReader<T>(spec);
}

export interface ClaimArguments {
  readonly statusDefault: Status;
  readonly statusSource?: ClaimSource;
  readonly statusText?: string;
  readonly statusExpiresAt?: Date | string;
  readonly statusId?: string;
}

/** Reads of the parameters of each action (contract 2.1): positional as Rocket.Chat sends them, or named. */
export const read = {
  newConnection: reader<{ uid?: string; session?: string; nodeId?: string }>(['uid', 'session', 'nodeId'], {
    uid: ID_OR_NOTHING,
    session: ID_OR_NOTHING,
    nodeId: OPTIONAL_ID,
  }),
  removeConnection: reader<{ uid?: string; session?: string }>(['uid', 'session'], {
    uid: ID_OR_NOTHING,
    session: ID_OR_NOTHING,
  }),
  updateConnection: reader<{ uid?: string; connectionId?: string }>(['uid', 'connectionId'], {
    uid: ID_OR_NOTHING,
    connectionId: ID_OR_NOTHING,
  }),
  setConnectionStatus: reader<{ uid: string; status: Status; session: string }>(['uid', 'status', 'session'], {
    uid: ID,
    status: STATUS,
    session: ID,
  }),
  removeLostConnections: reader<{ nodeID?: string }>(['nodeID'], { nodeID: OPTIONAL_ID }, false),
  setStatus: readSetStatus,
  endActiveState: reader<{ uid: string; statusId?: string }>(['uid', 'statusId'], { uid: ID, statusId: OPTIONAL_ID }),
  uid: reader<{ uid: string }>(['uid'], { uid: ID }),
  toggleBroadcast: readToggle,
  getPeakConnections: reader<{ reset?: boolean }>(['reset'], { reset: { type: 'boolean', optional: true } }, false),
  nothing: reader<object>([], {}, false),
  upsertUsers: reader<{ users: unknown[] }>(['users'], {
    users: { type: 'array', min: 1, max: MAX_BATCH_ITEMS },
  }),
  removeUsers: reader<{ uids: unknown[] }>(['uids'], {
    uids: { type: 'array', min: 1, max: MAX_BATCH_ITEMS },
  }),
  setStatusMany: reader<{ items: unknown[] }>(['items'], {
    items: { type: 'array', min: 1, max: MAX_BATCH_ITEMS },
  }),
  setActiveState: readActiveState,
  uids: reader<{ uids: string[] }>(['uids'], {
    uids: { type: 'array', items: ID, min: 1, max: MAX_BATCH_ITEMS },
  }),
  list: reader<PageArguments>(
    ['status', 'role', 'since', 'after', 'limit'],
    {
      status: oneOrSeveral(STATUSES),
      role: OPTIONAL_ID,
      since: MOMENT,
      after: OPTIONAL_ID,
      limit: LIMIT,
    },
    false,
  ),
};

const readClaimPositions = reader<{ uid: string; claim: ClaimArguments }>(['uid', 'claim'], {
  uid: ID,
  claim: { type: 'object', props: CLAIM_FIELDS },
});
const readClaimNames = reader<{ uid: string } & ClaimArguments>(['uid'], { uid: ID, ...CLAIM_FIELDS });

/** `[uid, claim]` as Rocket.Chat sends it; named either as `{uid, claim}` or with the claim's fields beside uid. */
function readActiveState(params: unknown): { uid: string; claim: ClaimArguments } {
  const flat = typeof params === 'object' && params !== null && !Array.isArray(params) && !('claim' in params);
  if (!flat) return readClaimPositions(params);
  const { uid, ...claim } = readClaimNames(params);
  return { uid, claim };
}

const MAX_NAME = 64;
const MAX_HEARD = 8;

/** What a replica tells along with a call that it hands on; what is not as it must be counts as not told. */
export function carriedOf(told: unknown): {
  readonly heard?: readonly string[];
  readonly hearsSinceMs?: number;
  readonly removal?: string;
} {
  if (typeof told !== 'object' || told === null) return {};
  const { heard, hearsSinceMs, removal } = told as { heard?: unknown; hearsSinceMs?: unknown; removal?: unknown };
  const isName = (value: unknown): value is string => typeof value === 'string' && value.length <= MAX_NAME;
  return {
    ...(Array.isArray(heard) && heard.length <= MAX_HEARD && heard.every(isName) && { heard }),
    ...(typeof hearsSinceMs === 'number' && { hearsSinceMs }),
    ...(isName(removal) && { removal }),
  };
}

/** The arguments of `setStatus`: a status, a text, or both. */
export interface StatusArguments {
  readonly uid: string;
  readonly statusDefault?: Status;
  readonly statusText?: string;
  readonly statusExpiresAt?: Date | string;
}

const readStatusArguments = reader<StatusArguments>(['uid', 'statusDefault', 'statusText', 'statusExpiresAt'], {
  uid: ID,
  statusDefault: { ...STATUS, optional: true },
  statusText: TEXT,
  statusExpiresAt: MOMENT,
});

/** A text alone is given by ddp-streamer's `setUserStatus(null, text)` (contract 12). @throws PresenceError INVALID_ARGUMENT */
function readSetStatus(params: unknown): StatusArguments {
  const given = readStatusArguments(params);
  if (given.statusDefault === undefined && given.statusText === undefined) {
    throw invalidArgument('statusDefault', 'is missing, and there is no statusText either');
  }
  return given;
}

const readEnabled = reader<{ enabled?: boolean }>(['enabled'], { enabled: { type: 'boolean', optional: true } });

/** A null is no absent argument here: it is given, and is as good as false. @throws PresenceError INVALID_ARGUMENT */
function readToggle(params: unknown): { enabled: boolean } {
  const isNull = typeof params === 'object' && params !== null && 'enabled' in params && params.enabled === null;
  return { enabled: readEnabled(isNull ? [null] : params).enabled ?? false };
}

const readUserItem = reader<{ _id: string } & Identity>(['_id'], USER_FIELDS);

const readUidItem = reader<{ uid: string }>(['uid'], { uid: ID });

/** One user of `removeUsers`. @throws PresenceError INVALID_ARGUMENT */
export function readUid(item: unknown): string {
  return readUidItem({ uid: item }).uid;
}

/** One user of `upsertUsers`. @throws PresenceError INVALID_ARGUMENT */
export function readUser(item: unknown): { uid: string; identity: Identity } {
  if (typeof item !== 'object' || item === null || Array.isArray(item))
    throw invalidArgument('user', `must be an object, not ${kindOf(item)}`);
  const { _id, ...identity } = readUserItem(item);
  const { name } = identity;
  return { uid: _id, identity: name ? { ...identity, name: wellFormed(name) } : identity };
}

/**
 * The claim a caller asks for: text normalized, expiry a date in the future.
 *
 * @throws PresenceError as `endOf`
 */
export function claimOf(given: ClaimArguments, nowMs: number): Claim {
  const { statusDefault, statusSource, statusId } = given;
  const statusText = normalizeStatusText(given.statusText);
  const statusExpiresAt = endOf(given.statusExpiresAt, nowMs);
  return { statusDefault, statusSource, statusText, statusId, ...(statusExpiresAt && { statusExpiresAt }) };
}

/**
 * The end of a claim. A date that is none is not in the future, as upstream has it; a text may be more than that.
 *
 * @throws PresenceError EXPIRY_NOT_IN_FUTURE; INVALID_ARGUMENT for a text that is no time
 */
export function endOf(given: Date | string | undefined, nowMs: number): Date | undefined {
  if (given == null) return undefined;
  const ends = new Date(typeof given === 'string' ? msOf('statusExpiresAt', given)! : given);
  if (!(ends.getTime() > nowMs)) throw expiryNotInFuture();
  return ends;
}
