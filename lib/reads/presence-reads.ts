import { listClaims, type ListedClaims } from '../../domain/claim-list';
import { unknown, viewOf, type PresenceView, type UnknownPresence } from '../../domain/view';
import type { Status, UserRecord } from '../../domain/types';
import { msOf } from '../wire/arguments';
import { PresenceError } from '../wire/errors';
import { unchanging } from './unchanging';
import type { StoredInstance } from '../store/instance-port';
import type { ConnectionCounts, PresenceStore, StatusCounts, UserFilter } from '../store/port';

export interface PresencePage {
  readonly users: readonly (PresenceView | UnknownPresence)[];
  /** What to give as `after` for the next page; absent on the last. */
  readonly next?: string;
}

export interface UserClaims extends ListedClaims {
  readonly uid: string;
}

export interface PresenceStats {
  readonly at: Date;
  readonly statuses: StatusCounts;
  /** Sessions by instance, most first. */
  readonly instances: readonly Pick<StoredInstance, 'instanceId' | 'sessions'>[];
  readonly connections: ConnectionCounts;
}

export interface PageArguments {
  readonly status?: Status | readonly Status[];
  readonly role?: string;
  readonly since?: Date | string;
  readonly after?: string;
  readonly limit?: number;
}

/** A reader is told that the store is away; it does not wait for it as a writer does. */
const READ_WITHIN_MS = 2_000;
const DEFAULT_PAGE = 100;

/** What is read of presence. Changes nothing. */
export class PresenceReads {
  /** @param users where single users are read: the store, or a cache before it */
  constructor(
    private readonly store: PresenceStore,
    private readonly users: Pick<PresenceStore, 'usersOf'> = store,
  ) {}

  /** One entry an id, in order; what cannot be known is said so, with the reason. Never rejects because the store is away. */
  async many(uids: readonly string[]): Promise<(PresenceView | UnknownPresence)[]> {
    const users = await this.usersOf(uids);
    return uids.map((uid) => (users ? keptView(uid, users.get(uid)) : unknown(uid, 'store-unavailable')));
  }

  /** Everything that is claimed of a user, or that none can be known, with the reason. Never rejects because the store is away. */
  async claims(uid: string, nowMs: number): Promise<UserClaims | UnknownPresence> {
    const users = await this.usersOf([uid]);
    if (!users) return unknown(uid, 'store-unavailable');
    const user = users.get(uid);
    return user ? { uid, ...listClaims(user, nowMs) } : unknown(uid, 'never-seen');
  }

  /**
   * Users of whom a presence is stored, in the order of their ids.
   *
   * @throws PresenceError STORE_UNAVAILABLE; INVALID_ARGUMENT for a `since` that is no time
   */
  async page({ status, role, since, after, limit = DEFAULT_PAGE }: PageArguments): Promise<PresencePage> {
    const sinceMs = msOf('since', since);
    const filter: UserFilter = {
      statuses: status === undefined ? undefined : [status].flat(),
      role,
      sinceMs,
      after,
    };
    const found = await this.store.listUsers(filter, limit + 1);
    const users = found.slice(0, limit).map((user) => viewOf(user._id, user));
    return found.length > limit ? { users, next: users.at(-1)!.uid } : { users };
  }

  /** @throws PresenceError STORE_UNAVAILABLE */
  async stats(nowMs: number): Promise<PresenceStats> {
    const { store } = this;
    const [statuses, stored, connections] = await Promise.all([
      store.statusCounts(),
      store.storedInstances(),
      store.connections(nowMs),
    ]);
    const instances = stored
      .map(({ instanceId, sessions }) => ({ instanceId, sessions }))
      .sort((a, b) => b.sessions - a.sessions || (a.instanceId < b.instanceId ? -1 : 1));
    return { at: new Date(nowMs), statuses, instances, connections };
  }

  /** @returns undefined where the store does not answer in time */
  private async usersOf(uids: readonly string[]): Promise<ReadonlyMap<string, UserRecord> | undefined> {
    let timer: NodeJS.Timeout | undefined;
    const tooLate = new Promise<undefined>((resolve) => {
      timer = setTimeout(resolve, READ_WITHIN_MS, undefined).unref();
    });
    const read = this.users.usersOf(uids).catch((thrown: unknown) => {
      if (thrown instanceof PresenceError && thrown.type === 'STORE_UNAVAILABLE') return undefined;
      throw thrown;
    });
    try {
      return await Promise.race([read, tooLate]);
    } finally {
      clearTimeout(timer);
    }
  }
}

/** Where a record has what is told of it. Not enumerable: neither copied with the record nor stored. */
const VIEW = Symbol('view');

interface Viewed {
  readonly [VIEW]?: PresenceView | UnknownPresence;
}

/** A record is replaced, never changed: what is told of it, and its text, are made once. */
function keptView(uid: string, user: UserRecord | undefined): PresenceView | UnknownPresence {
  if (!user) return viewOf(uid, user);
  const kept = (user as Viewed)[VIEW];
  if (kept) return kept;
  const view = unchanging(viewOf(uid, user));
  Object.defineProperty(user, VIEW, { value: view });
  return view;
}
