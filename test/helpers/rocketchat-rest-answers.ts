import { randomBytes } from 'node:crypto';
import type { RestUser, RocketChatRest } from './rocketchat-rest';

export interface Asked {
  readonly method: string;
  readonly query: URLSearchParams;
  readonly body: string;
  /** Of a valid token. */
  readonly userId: string | undefined;
}

export interface Answered {
  readonly status: number;
  readonly body: object;
}

type Answer = (rest: RocketChatRest, asked: Asked) => Answered;

const STATUSES = ['online', 'away', 'offline', 'busy'];
const RECENT_MS = 10 * 60_000;
const MOST_A_PAGE = 100;

const ok = (body: object = {}): Answered => ({ status: 200, body: { ...body, success: true } });
const failed = (status: number, errorType: string): Answered => ({
  status,
  body: { success: false, error: `${errorType} [${errorType}]`, errorType },
});

const info: Answer = (rest, { userId }) => {
  const version = userId ? rest.version : rest.version.split('.').slice(0, 2).join('.');
  return ok({ version, minimumClientVersions: {} });
};

const login: Answer = (rest, { body }) => {
  const { user, password } = JSON.parse(body) as Record<string, unknown>;
  const refused = (error: string): Answered => ({ status: 401, body: { status: 'error', error, message: error } });
  if (user !== rest.account.username || password !== rest.account.password) return refused('Unauthorized');
  if (rest.twoFactor) return refused('totp-required');
  const authToken = randomBytes(16).toString('base64url');
  rest.tokens.set(authToken, 'service');
  return { status: 200, body: { status: 'success', data: { userId: 'service', authToken, me: {} } } };
};

const me: Answer = (rest, { userId }) => {
  const { _id, username, roles = [] } = rest.users.get(userId!)!;
  return ok({ _id, username, roles });
};

const shown = ({ _id, username, name, status, statusText, statusSource, statusExpiresAt }: RestUser) => ({
  ...{ _id, username, name, status, statusText, statusSource, statusExpiresAt },
});

/** Contract 6, `users.presence` (USERS). */
const presence: Answer = (rest, { query, userId }) => {
  if (rest.settings.get('Presence_broadcast_disabled')) return ok({ users: [], full: true });
  const all = [...rest.users.values()].filter(({ active }) => active);
  const ids = query.getAll('ids').flatMap((value) => value.split(','));
  if (ids.length > 0) {
    const isTold = ({ status, statusText, statusExpiresAt }: RestUser) =>
      status !== 'offline' || Boolean(statusText) || statusExpiresAt !== undefined;
    return ok({ users: all.filter((user) => ids.includes(user._id) && isTold(user)).map(shown), full: false });
  }
  const from = query.get('from');
  if (from !== null && Date.now() - Date.parse(from) < RECENT_MS) {
    const since = all.filter(({ _id, _updatedAt }) => _id !== userId && _updatedAt >= new Date(from));
    return ok({ users: since.map(shown), full: false });
  }
  return ok({ users: all.filter(({ status }) => status !== 'offline').map(shown), full: true });
};

const getStatus: Answer = (rest, { query, userId }) => {
  const user = rest.users.get(query.get('userId') ?? userId!);
  if (!user) return failed(400, 'error-invalid-user');
  const { _id, status, statusConnection = 'offline', statusSource, statusExpiresAt } = user;
  return ok({
    _id,
    status,
    statusSource,
    statusExpiresAt,
    ...(_id === userId && { connectionStatus: statusConnection }),
  });
};

const setStatus: Answer = (rest, { body, userId }) => {
  const given = JSON.parse(body) as Record<string, string>;
  const { status, message, expiresAt, userId: other = userId!, ...more } = given;
  if ((status === undefined && message === undefined) || Object.keys(more).length > 0) {
    return failed(400, 'invalid-params');
  }
  if (other !== userId && !rest.permissions.has('edit-other-user-info')) return failed(403, 'error-unauthorized');
  const user = rest.users.get(other);
  if (!user) return failed(400, 'error-invalid-user');
  if (status !== undefined && !STATUSES.includes(status)) return failed(400, 'error-invalid-status');
  if (status === 'offline' && rest.settings.get('Accounts_AllowInvisibleStatusOption') === false) {
    return failed(400, 'error-status-not-allowed');
  }
  if (expiresAt !== undefined && !(Date.parse(expiresAt) > Date.now())) return failed(400, 'error-invalid-date');
  const shownNow = (status ?? user.statusDefault ?? 'online') as RestUser['status'];
  rest.change(other, {
    status: shownNow,
    statusDefault: shownNow,
    ...(message !== undefined && { statusText: message }),
    // A claim of the user's own, from 8.6 on; online without a text takes every claim back (contract 3.1).
    statusSource: rest.tellsSources && (shownNow !== 'online' || message) ? 'manual' : undefined,
    statusExpiresAt: expiresAt === undefined ? undefined : new Date(expiresAt),
  });
  return ok();
};

/** A page by offset, in the order of the ids; `active` deactivated users are listed too. */
const list: Answer = (rest, { query }) => {
  if (!rest.permissions.has('view-full-other-user-info')) return failed(403, 'error-unauthorized');
  const count = Math.min(Number(query.get('count') ?? 50), MOST_A_PAGE);
  const offset = Number(query.get('offset') ?? 0);
  const all = [...rest.users.values()].sort((a, b) => (a._id < b._id ? -1 : 1));
  const users = all.slice(offset, offset + count).map((user) => ({
    ...shown(user),
    ...{ type: user.type ?? 'user', roles: user.roles ?? ['user'], active: user.active },
  }));
  return ok({ users, count: users.length, offset, total: all.length });
};

const connections: Answer = (rest) =>
  rest.permissions.has('manage-user-status') ? ok({ current: 0, max: 200 }) : failed(403, 'error-unauthorized');

const ANSWERS: Readonly<Record<string, Answer>> = {
  'GET info': info,
  'POST v1/login': login,
  'GET v1/me': me,
  'GET v1/users.presence': presence,
  'GET v1/users.getStatus': getStatus,
  'POST v1/users.setStatus': setStatus,
  'GET v1/users.list': list,
  'GET v1/presence.getConnections': connections,
};
const OPEN = ['info', 'v1/login'];

export function answersOf(rest: RocketChatRest, address: string, asked: Asked): Answered {
  const answer = ANSWERS[`${asked.method} ${address}`];
  if (!answer) return { status: 404, body: { success: false, error: 'not found' } };
  if (!OPEN.includes(address) && asked.userId === undefined) {
    return { status: 401, body: { status: 'error', message: 'You must be logged in to do this.' } };
  }
  return answer(rest, asked);
}
