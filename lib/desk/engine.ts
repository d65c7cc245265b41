import type { Command, CommandResult } from '../../domain/commands';
import { heldClaims } from '../../domain/held-claims';
import { decide, firstContact, seenOutside, type Decision, type PresenceChange } from '../../domain/presence';
import type { Outbox } from '../callbacks/outbox';
import { PresenceError } from '../wire/errors';
import { HistoryWriter } from '../history/history-writer';
import type { AppliedSessions, PresenceStore, PresenceWrite, SessionOwners } from '../store/port';
import { callersOf, forgetAnswered, groupByUser, NO_CALLER, type UserWork } from './user-work';

export interface EngineOptions {
  readonly store: PresenceStore;
  /** Epoch milliseconds; read once a batch. */
  readonly clock: () => number;
  /** Told of the changes of a batch after they are durable and before any caller gets its answer. */
  readonly onChanges: (changes: readonly PresenceChange[]) => void;
  /** Where changes are put for those who are to be called back; absent: nobody is. */
  readonly outbox?: Outbox;
  /** Told of users whose stored presence was written, or lost a race against another who wrote it. */
  readonly onWritten?: (uids: readonly string[]) => void;
  /** Told how many users were put right for whom nobody had asked for anything else (design invariant 8). */
  readonly onRepairs?: (users: number) => void;
}

/** More lost races than this in a row on one user, and the caller is told to try again. */
const MAX_ATTEMPTS = 16;

/**
 * Carries a batch of commands through the path of design.md: sessions applied and read back, presence
 * decided by the rules, real changes written compare-and-set, changes kept and told, losers read again, answers.
 */
export class PresenceEngine {
  private readonly history: HistoryWriter;

  constructor(private readonly options: EngineOptions) {
    this.history = new HistoryWriter(options.store.history);
  }

  /** Answers each command in order; CONFLICT for those of a user whose races never ended. */
  async run(commands: readonly Command[]): Promise<(CommandResult | Error)[]> {
    const { store, clock } = this.options;
    const nowMs = clock();
    const results = new Array<CommandResult | Error>(commands.length);
    const { owners, asRead } = await this.ownersOfLeaving(commands);
    const work = groupByUser(commands, owners);
    const works = [...work.values()];
    let states = await store.applySessions(
      works.map(({ uid, sessions }) => ({ uid, commands: sessions })),
      nowMs,
      asRead,
    );
    states.forEach(({ found, sessions }, i) => Object.assign(works[i]!, { found, sessionsAfter: sessions }));
    for (let attempt = 0; states.length > 0; attempt++) {
      if (attempt === MAX_ATTEMPTS) {
        for (const { uid } of states) failAll(work.get(uid)!, results);
        break;
      }
      const again = await this.settle(states, work, results, nowMs);
      if (again.size === 0) break;
      states = await store.applySessions(
        [...again].map((uid) => ({ uid, commands: [] })),
        nowMs,
      );
    }
    await this.forget(works);
    return results;
  }

  /** Those who are to be removed have ended and were told as offline: what is stored of them goes. */
  private async forget(works: readonly UserWork[]): Promise<void> {
    const uids = works.filter(({ removed }) => removed).map(({ uid }) => uid);
    if (uids.length === 0) return;
    try {
      await this.options.store.removeUsers(uids);
    } finally {
      this.options.onWritten?.(uids);
    }
  }

  /** Decides and writes once; answers the users that must be decided again. */
  private async settle(
    states: readonly AppliedSessions[],
    work: ReadonlyMap<string, UserWork>,
    results: (CommandResult | Error)[],
    nowMs: number,
  ): Promise<ReadonlySet<string>> {
    const decided: PresenceWrite[] = [];
    const onlyRead = new Set<string>();
    for (const { uid, user, sessions, sessionsRev, changed } of states) {
      const asked = work.get(uid)!;
      const subject = user ?? (this.options.store.createsUsers && asked.mayCreate ? firstContact(uid) : undefined);
      const byRules = subject && decide(subject, sessions, asked.claims, asked.identity, nowMs, asked.cause);
      const decision = byRules && asked.outside ? seenOutside(byRules, nowMs) : byRules;
      answer(asked, decision, asked.created || (user === undefined && subject !== undefined), results);
      if (decision && decision.after !== decision.before) {
        decided.push({ before: decision.before, after: decision.after, sessionsRev, existed: user !== undefined });
        if (!changed) onlyRead.add(uid);
      }
    }
    if (decided.length === 0) return NOBODY;
    const outdated = await this.outdated(decided.filter(({ after }) => onlyRead.has(after._id)));
    const writes = decided.filter(({ after }) => !outdated.has(after._id));
    const won = await this.write(writes);
    const written = writes.filter(({ after }) => won.has(after._id));
    const [moved] = await allOf([this.options.store.sessionsMoved(written), this.keepAndTell(written, nowMs)]);
    this.tellRepairs(written, work, nowMs);
    for (const { before } of written) {
      if (moved.has(before._id)) forgetAnswered(work.get(before._id)!, before.presenceRev === 0);
    }
    const lost = writes.filter(({ after }) => !won.has(after._id));
    return new Set([...lost.map(({ after }) => after._id), ...moved, ...outdated]);
  }

  /**
   * Sessions are read before users. Where they were not written, another replica may have carried out a whole call between the two, and
   * a decision on its user and the sessions before it would take back what it told, until the look after the write finds out.
   *
   * @returns users of whom that is so: nothing is to be written of them yet
   */
  private async outdated(decided: readonly PresenceWrite[]): Promise<ReadonlySet<string>> {
    return decided.length === 0 ? NOBODY : this.options.store.sessionsMoved(decided);
  }

  private async write(writes: readonly PresenceWrite[]): Promise<ReadonlySet<string>> {
    try {
      return await this.options.store.writePresence(writes);
    } finally {
      // Also when it failed: the answer may have got lost, and not the write.
      this.options.onWritten?.(writes.map(({ after }) => after._id));
    }
  }

  /** What is told is in the history and in the outbox, unless the store has just gone: what is written is told all the same. */
  private async keepAndTell(written: readonly PresenceWrite[], nowMs: number): Promise<void> {
    // A change of what is shown, or one that somebody else has made, is noted in the record.
    const changes = written.filter(({ before, after }) => after.presenceChange !== before.presenceChange);
    if (changes.length === 0) return;
    try {
      await allOf([this.history.write(changes, nowMs), this.options.outbox?.write(changes, nowMs) ?? NOTHING]);
    } finally {
      this.options.onChanges(changes);
    }
  }

  private tellRepairs(written: readonly PresenceWrite[], work: ReadonlyMap<string, UserWork>, nowMs: number): void {
    const repaired = written.filter(({ before, after }) => {
      // The end of a claim is not asked for either, nor is a status that another writer set: then nothing was wrong.
      return work.get(after._id)!.cause === 'reconcile' && heldClaims(before, nowMs) === before;
    }).length;
    if (repaired > 0) this.options.onRepairs?.(repaired);
  }

  /** Who holds the sessions that leave in this batch: each is removed wherever it is stored. */
  private async ownersOfLeaving(commands: readonly Command[]): Promise<SessionOwners> {
    const leaving: string[] = [];
    for (const command of commands) {
      if (command.kind === 'session' && command.session.kind === 'disconnect') leaving.push(command.session.session);
    }
    return leaving.length > 0 ? this.options.store.ownersOfSessions(leaving) : NO_OWNERS;
  }
}

/** Waits for both, also when one fails: the next batch must not be told before this one. */
async function allOf<A, B>(both: readonly [Promise<A>, Promise<B>]): Promise<[A, B]> {
  await Promise.allSettled(both);
  return Promise.all(both);
}

const NOTHING = Promise.resolve();
const NOBODY: ReadonlySet<string> = new Set();
const NO_OWNERS: SessionOwners = { owners: new Map() };

/** Writes the answers of one user's callers. Without a decision the user is unknown. */
function answer(
  asked: UserWork,
  decision: Decision | undefined,
  created: boolean,
  results: (CommandResult | Error)[],
): void {
  const known = decision !== undefined;
  asked.sessionCallers.forEach((caller, i) => {
    if (caller === NO_CALLER) return;
    results[caller] = { known, applied: asked.found[i] ?? false, created, leaseFromMs: leaseOf(asked, i) };
  });
  asked.claimCallers.forEach((caller, i) => {
    if (caller === NO_CALLER) return;
    results[caller] = { known, applied: decision?.accepted[i] ?? false, created };
  });
  for (const caller of asked.otherCallers) results[caller] = { known, applied: known, created };
}

/** Since when the lease of a session runs that was just logged in or refreshed. */
function leaseOf({ sessions, sessionsAfter }: UserWork, i: number): number | undefined {
  const command = sessions[i]!;
  if (command.kind !== 'connect' && command.kind !== 'heartbeat') return undefined;
  return sessionsAfter.find(({ id }) => id === command.session)?._updatedAt?.getTime();
}

function failAll(asked: UserWork, results: (CommandResult | Error)[]): void {
  const error = new PresenceError('CONFLICT', 'other replicas kept changing this user, try again');
  for (const caller of callersOf(asked)) results[caller] = error;
}
