import type { ShownThere } from '../../domain/mirror';
import type { Claim, UserRecord } from '../../domain/types';
import type { OwnSide } from '../../lib/mirror/own-side';
import { CallBudget } from '../../lib/rocketchat/call-budget';
import { RocketChatFault } from '../../lib/rocketchat/faults';
import type { RestRequest } from '../../lib/rocketchat/rest-client';

/** This service's side in memory. */
export class OwnSideInMemory implements OwnSide {
  readonly records = new Map<string, UserRecord>();
  readonly connections = new Map<string, 'online' | 'away'>();
  claims = 0;
  /** What is claimed is so after this; milliseconds. */
  claimsTakeMs = 0;
  /** Does not tell what has changed. */
  silent = false;

  clock = () => Date.now();

  async usersOf(uids: readonly string[]) {
    return new Map(uids.flatMap((uid) => (this.records.has(uid) ? [[uid, this.records.get(uid)!] as const] : [])));
  }

  async *changedSince(sinceMs: number) {
    const all = this.silent ? [] : [...this.records.values()];
    yield all.filter(({ presenceChange }) => (presenceChange?.at.getTime() ?? -1) >= sinceMs);
  }

  async identify(users: readonly ShownThere[]) {
    for (const { _id } of users) this.records.set(_id, { _id, presenceRev: 0 });
  }

  async connected() {
    return [...this.connections.keys()];
  }

  async setConnection(uid: string, status: 'online' | 'away' | undefined) {
    if (status) this.connections.set(uid, status);
    else this.connections.delete(uid);
  }

  async claim(uid: string, claim: Claim | undefined) {
    if (this.claimsTakeMs > 0) await new Promise((resolve) => setTimeout(resolve, this.claimsTakeMs));
    this.claims += 1;
    this.say(uid, claim ?? { statusDefault: 'online', statusText: '' });
  }

  /** As if somebody had said it here. */
  say(uid: string, claim: Claim): void {
    const before = this.records.get(uid);
    const presenceChange = { cause: 'claim', at: new Date() } as const;
    this.records.set(uid, { _id: uid, ...claim, presenceRev: (before?.presenceRev ?? 0) + 1, presenceChange });
  }
}

interface UserThere {
  status: string;
  statusText: string;
  statusExpiresAt?: string;
  updatedAtMs: number;
}

const RECENT_MS = 10 * 60_000;

/** An account at a Rocket.Chat in memory, which keeps its own limits and can be away. */
export class AccountInMemory {
  readonly users = new Map<string, UserThere>();
  readonly calls: string[] = [];
  isAway = false;
  /** What is set is so after this; milliseconds. */
  setsTakeMs = 0;
  private readonly budget = new CallBudget();

  get theirTimeMs(): number {
    return Date.now();
  }

  everyMs(path: string): number {
    return this.budget.everyMs(path);
  }

  userId(): Promise<string> {
    return Promise.resolve('service');
  }

  say(uid: string, status: string, statusText: string, statusExpiresAt?: string): void {
    this.users.set(uid, { status, statusText, statusExpiresAt, updatedAtMs: Date.now() });
  }

  call<T>(request: RestRequest, signal?: AbortSignal): Promise<T> {
    return this.budget.call(request.path, () => this.answer<T>(request), signal);
  }

  private async answer<T>({ path, query, body }: RestRequest): Promise<T> {
    const given = (typeof body === 'function' ? (body as () => object)() : body) as Record<string, string> | undefined;
    this.calls.push(path);
    if (this.isAway) throw new RocketChatFault('AWAY', 'gone');
    if (given) {
      if (this.setsTakeMs > 0) await new Promise((resolve) => setTimeout(resolve, this.setsTakeMs));
      const before = this.users.get(given.userId!);
      this.say(given.userId!, given.status!, given.message ?? before?.statusText ?? '', given.expiresAt);
      return {} as T;
    }
    const fromMs = Date.parse(query?.from ?? '');
    const isRecent = Date.now() - fromMs < RECENT_MS;
    const users = [...this.users]
      .filter(([, { status, updatedAtMs }]) => (isRecent ? updatedAtMs >= fromMs : status !== 'offline'))
      .map(([_id, user]) => ({ _id, ...user }));
    return { users, full: !isRecent } as T;
  }
}
