import type { Db } from 'mongodb';
import { decide } from '../../domain/presence';
import type { Session, Status, UserRecord } from '../../domain/types';
import { sessionsOf, userOf, type SessionsDocument } from '../../lib/store/mongo/documents';
import { eventsOf } from './bus-fixture';
import { isGone, type Fate, type Lane } from './chaos-load';
import type { RocketChatNode } from './rocket-chat-node';

/** What a database holds of presence, by user. */
export interface StoredPresence {
  readonly users: ReadonlyMap<string, UserRecord>;
  readonly sessions: ReadonlyMap<string, readonly Session[]>;
}

/** @param uids absent: of all users */
export async function storedIn(db: Db, uids?: readonly string[]): Promise<StoredPresence> {
  const filter = uids ? { _id: { $in: [...uids] } } : {};
  const users = await db.collection<UserRecord>('users').find(filter).toArray();
  const documents = await db.collection<SessionsDocument>('usersSessions').find(filter).toArray();
  return {
    users: new Map(users.map((document) => [document._id, userOf({ ...document })])),
    sessions: new Map(documents.map((one) => [one._id, sessionsOf(one)])),
  };
}

/** Users that are shown otherwise than the sessions and claims that are stored say. */
export function halfDone({ users, sessions }: StoredPresence): UserRecord[] {
  return [...users.values()].filter((user) => {
    const { after } = decide(user, sessions.get(user._id) ?? [], [], undefined, Date.now());
    return after.status !== user.status || after.statusConnection !== user.statusConnection;
  });
}

/** Sessions that are not what was answered about them. */
export function lostSessions(lanes: readonly Lane<Fate>[], { sessions }: StoredPresence): Lane<Fate>[] {
  return lanes.filter(({ uid, id, possible }) => {
    const [found, ...others] = (sessions.get(uid) ?? []).filter((one) => one.id === id);
    const fits = found ? possible.has(found.status) : [...possible].some(isGone);
    return !fits || others.length > 0;
  });
}

/** Claims that are not what was answered about them. */
export function lostClaims(lanes: readonly Lane<Status>[], { users }: StoredPresence): Lane<Status>[] {
  return lanes.filter(({ uid, possible }) => !possible.has(users.get(uid)?.statusDefault ?? 'online'));
}

/** Lanes of which is known what they must be. If these are few, the comparisons above let nearly anything pass. */
export function settled(lanes: readonly { readonly possible: ReadonlySet<unknown> }[]): number {
  return lanes.filter(({ possible }) => possible.size === 1).length;
}

/** Revisions of a user that a listener was told more than once, or that are above what is stored. */
export function untrueRevs(listener: RocketChatNode, uid: string, { users }: StoredPresence): number[] {
  const stored = users.get(uid)?.presenceRev ?? 0;
  const revs = eventsOf(listener, uid).map(({ rev }) => rev!);
  return revs.filter((rev, i) => revs.indexOf(rev) !== i || rev > stored);
}

/**
 * Where a listener was not told how a user came from one status to the next, by revision: `told → previousStatus of
 * the next event`. With every change told there is none.
 */
export function gaps(listener: RocketChatNode, uid: string): string[] {
  const told = eventsOf(listener, uid).sort((a, b) => a.rev! - b.rev!);
  return told.flatMap(({ previousStatus }, i) => {
    const before = i === 0 ? undefined : (told[i - 1]!.user.status as string);
    return before === previousStatus ? [] : [`${before} → ${previousStatus}`];
  });
}
