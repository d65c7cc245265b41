import type { ClaimRequest } from '../../domain/claims';
import type { Command } from '../../domain/commands';
import type { SessionCommand } from '../../domain/sessions';
import type { Claim, ClaimSource, Status, UserRecord } from '../../domain/types';
import type { PresenceChange } from '../../domain/presence';
import { PresenceEngine } from '../../lib/desk/engine';
import { EmbeddedStore, IN_MEMORY } from '../../lib/store/embedded-store';
import type { AppliedSessions, PresenceStore } from '../../lib/store/port';
import { HISTORY_DAYS, NOW, REFRESH_AFTER_MS, userRecord, work } from './presence-builders';

export const session = (uid: string, command: SessionCommand): Command => ({ uid, kind: 'session', session: command });
export const claim = (uid: string, request: ClaimRequest): Command => ({ uid, kind: 'claim', claim: request });
export const setActive = (
  uid: string,
  statusDefault: Status,
  statusSource: ClaimSource = 'manual',
  more: Partial<Claim> = {},
) => claim(uid, { kind: 'setActive', claim: { statusDefault, statusSource, ...more } });
export const endActive = (uid: string) => claim(uid, { kind: 'endActive' });
export const recompute = (uid: string): Command => ({ uid, kind: 'recompute' });
export const rename = (uid: string, name: string): Command => ({ uid, kind: 'identify', identity: { name } });
export const offline = (uid: string, fields: Partial<UserRecord> = {}) =>
  userRecord(uid, { status: 'offline', statusConnection: 'offline', presenceRev: 1, ...fields });

/** An empty store in memory, the hand-moved time and the changes told, new for each test. */
class EngineFixture {
  store!: EmbeddedStore;
  now = NOW;
  changes: PresenceChange[] = [];

  async reset(): Promise<void> {
    this.store = new EmbeddedStore({
      dataDir: IN_MEMORY,
      refreshAfterMs: REFRESH_AFTER_MS,
      historyDays: HISTORY_DAYS,
    });
    await this.store.open();
    this.now = NOW;
    this.changes = [];
  }

  /** An engine: one replica. Without a store of its own it works on the fixture's. */
  readonly engineOn = (store: PresenceStore = this.store): PresenceEngine =>
    new PresenceEngine({ store, clock: () => this.now, onChanges: (told) => this.changes.push(...told) });

  readonly told = (): string[] =>
    this.changes.map(({ before, after }) => `${after._id}: ${before.status} → ${after.status}`);

  readonly seed = (...users: UserRecord[]) =>
    this.store.writePresence(users.map((after) => ({ before: { ...after, presenceRev: 0 }, after, sessionsRev: 0 })));

  readonly stateOf = async (uid: string): Promise<AppliedSessions> =>
    (await this.store.applySessions([work(uid)], this.now))[0]!;

  /** The store with some of its methods replaced. */
  storeWith(replaced: Partial<PresenceStore>): PresenceStore {
    return new Proxy<PresenceStore>(this.store, {
      get: (target, key) => {
        const value: unknown = Reflect.get(key in replaced ? replaced : target, key);
        return typeof value === 'function' ? (value.bind(target) as unknown) : value;
      },
    });
  }

  /** The store where another replica does something between read and write; told how many writes there were before. */
  storeWithRaces(other: (writesBefore: number) => Promise<unknown> | undefined): PresenceStore {
    let count = 0;
    return this.storeWith({
      writePresence: async (writes) => {
        await other(count++);
        return this.store.writePresence(writes);
      },
    });
  }
}

export function engineFixture(): EngineFixture {
  const fixture = new EngineFixture();
  beforeEach(() => fixture.reset());
  afterEach(() => fixture.store.close());
  return fixture;
}
