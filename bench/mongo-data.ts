import type { Collection, Db } from 'mongodb';
import { CALLER } from './cluster';

export interface SeededUser {
  readonly _id: string;
  readonly [field: string]: unknown;
}

const INSERT_AT_ONCE = 1000;
/** Ahead of the clock, so that no lease ends while something is measured. */
const LEASE_AHEAD_MS = 60 * 60_000;

/** Of the thirty-odd preferences a Rocket.Chat user has; enough of them for the usual size of a document. */
const PREFERENCES = {
  enableAutoAway: true,
  idleTimeLimit: 300,
  desktopNotifications: 'mentions',
  pushNotifications: 'all',
  emailNotificationMode: 'mentions',
  newRoomNotification: 'door',
  newMessageNotification: 'chime',
  muteFocusedConversations: true,
  clockMode: 0,
  useEmojis: true,
  convertAsciiEmoji: true,
  saveMobileBandwidth: true,
  collapseMediaByDefault: false,
  hideUsernames: false,
  hideRoles: false,
  hideFlexTab: false,
  displayAvatars: true,
  sidebarGroupByType: true,
  sidebarViewMode: 'medium',
  sidebarDisplayAvatar: true,
  sidebarShowUnread: false,
  sidebarSortby: 'activity',
  showThreadsInMainChannel: false,
  alsoSendThreadToChannel: 'default',
  sendOnEnter: 'normal',
  notificationsSoundVolume: 100,
  highlights: [],
};

/** A user of about 2 kB in Rocket.Chat's shape: what upstream reads whole, writes and broadcasts for each call. */
export function seededUser(user: number, now: Date): SeededUser {
  const token = (n: number) => ({ when: now, hashedToken: `${user}-${n}-`.padEnd(44, 'x'), type: 'resume' });
  return {
    _id: `u${user}`,
    createdAt: now,
    username: `user.${user}`,
    name: `User Number ${user}`,
    emails: [{ address: `user.${user}@example.org`, verified: true }],
    type: 'user',
    active: true,
    roles: ['user'],
    status: 'offline',
    statusConnection: 'offline',
    statusDefault: 'online',
    statusText: '',
    utcOffset: 1,
    language: 'en',
    avatarETag: 'x'.repeat(17),
    lastLogin: now,
    services: {
      password: { bcrypt: 'x'.repeat(60) },
      email2fa: { enabled: true, changedAt: now },
      resume: { loginTokens: [token(1), token(2), token(3)] },
    },
    settings: { profile: {}, preferences: PREFERENCES },
    e2e: { public_key: 'x'.repeat(420) },
    _updatedAt: now,
  };
}

/** Rocket.Chat's indexes on `users` (contract 5.3) that presence writes pass by, and two it looks up logins with. */
async function indexUsers(users: Collection<SeededUser>): Promise<void> {
  await users.createIndex({ username: 1 }, { sparse: true });
  await users.createIndex({ 'emails.address': 1 }, { sparse: true });
  await users.createIndex({ 'services.resume.loginTokens.hashedToken': 1 }, { sparse: true });
  await users.createIndex({ roles: 1 }, { sparse: true });
  await users.createIndex({ type: 1 });
  await users.createIndex({ status: 1 });
  await users.createIndex({ statusText: 1 });
  await users.createIndex({ statusConnection: 1 }, { sparse: true });
  await users.createIndex({ statusExpiresAt: 1 }, { partialFilterExpression: { statusExpiresAt: { $exists: true } } });
}

/**
 * Makes a database as Rocket.Chat's: users, each known to `usersSessions` already, and a setting, by which the
 * presence node sees whose users they are.
 *
 * @param isOnline the users that have a session and are shown online from the beginning
 */
export async function seed(db: Db, users: number, isOnline: (user: number) => boolean = () => false): Promise<void> {
  const now = new Date();
  const lease = new Date(now.getTime() + LEASE_AHEAD_MS);
  const all = db.collection<SeededUser>('users');
  const sessions = db.collection<SeededUser>('usersSessions');
  for (let first = 0; first < users; first += INSERT_AT_ONCE) {
    const slice = Array.from({ length: Math.min(INSERT_AT_ONCE, users - first) }, (_, i) => first + i);
    const shown = { status: 'online', statusConnection: 'online' };
    await all.insertMany(slice.map((user) => ({ ...seededUser(user, now), ...(isOnline(user) ? shown : {}) })));
    const session = (user: number) => ({
      id: `u${user}-0`,
      instanceId: CALLER,
      status: 'online',
      _createdAt: now,
      _updatedAt: lease,
    });
    await sessions.insertMany(
      slice.map((user) => ({ _id: `u${user}`, connections: isOnline(user) ? [session(user)] : [] })),
    );
  }
  await indexUsers(all);
  await db.collection<SeededUser>('rocketchat_settings').insertOne({ _id: 'uniqueID', value: 'bench' });
}
