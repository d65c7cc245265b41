import { viewOf, type PresenceView, type UnknownPresence } from '../../domain/view';
import type { UserRecord } from '../../domain/types';
import { PresenceError } from '../wire/errors';
import type { PresenceStore } from '../store/port';

/** A user as told: the view (domain/view.ts) as JSON text, times in ISO 8601. */
export interface ShownView {
  readonly uid: string;
  readonly json: string;
}

export interface ShownPage {
  readonly users: readonly ShownView[];
  /** What to give as `after` for the next page; absent on the last. */
  readonly next?: string;
}

/** Where the feed reads users, as they are at the moment of asking. Rejects when they cannot be read now. */
export interface FeedSource {
  /** One entry a user, in order, also for those who are not there. */
  read(uids: readonly string[]): Promise<ShownView[]>;
  /** Everybody who is not offline, by id, a page at a time. */
  present(after: string | undefined, limit: number): Promise<ShownPage>;
}

type View = PresenceView | UnknownPresence;

const PRESENT = ['online', 'away', 'busy'] as const;

/** Reads the store itself, never a cache before it. */
export class StoreSource implements FeedSource {
  /** A record is replaced, never changed: where the store hands out the same one again its text is made once. */
  private readonly texts = new WeakMap<UserRecord, string>();

  constructor(private readonly store: Pick<PresenceStore, 'usersOf' | 'listUsers'>) {}

  async read(uids: readonly string[]): Promise<ShownView[]> {
    const users = await this.store.usersOf(uids);
    return uids.map((uid) => this.shown(uid, users.get(uid)));
  }

  async present(after: string | undefined, limit: number): Promise<ShownPage> {
    const found = await this.store.listUsers({ statuses: PRESENT, after }, limit + 1);
    const users = found.slice(0, limit).map((user) => this.shown(user._id, user));
    return found.length > limit ? { users, next: users.at(-1)!.uid } : { users };
  }

  private shown(uid: string, user: UserRecord | undefined): ShownView {
    if (!user) return shownView(viewOf(uid, user));
    let json = this.texts.get(user);
    if (json === undefined) this.texts.set(user, (json = JSON.stringify(viewOf(uid, user))));
    return { uid, json };
  }
}

/** Most ids of one `getMany`. */
const MAX_IDS = 1000;

/** Reads where the state is kept, by the actions of the service `presence`: of an embedded store another replica may be the keeper. */
export class ActionSource implements FeedSource {
  /** @param call an action of the service `presence`, by its name there */
  constructor(private readonly call: <T>(action: string, params: object) => Promise<T>) {}

  async read(uids: readonly string[]): Promise<ShownView[]> {
    const slices = Array.from({ length: Math.ceil(uids.length / MAX_IDS) }, (_, i) =>
      uids.slice(i * MAX_IDS, (i + 1) * MAX_IDS),
    );
    const views = await Promise.all(slices.map((slice) => this.call<View[]>('getMany', { uids: slice })));
    return views.flat().map(shownView);
  }

  async present(after: string | undefined, limit: number): Promise<ShownPage> {
    const { users, next } = await this.call<{ users: View[]; next?: string }>('list', {
      status: [...PRESENT],
      after,
      limit,
    });
    return { users: users.map(shownView), next };
  }
}

function shownView(view: View): ShownView {
  if (view.status === 'unknown' && view.reason === 'store-unavailable') {
    throw new PresenceError('STORE_UNAVAILABLE', 'the store cannot be read');
  }
  return { uid: view.uid, json: JSON.stringify(view) };
}
