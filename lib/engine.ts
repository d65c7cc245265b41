import type { Command, CommandResult } from '../domain/commands';
import { isFirstContact } from '../domain/commands';
import type { ClaimRequest } from '../domain/claims';
import { decide, firstContact, isShownChange, type Decision } from '../domain/presence';
import type { SessionCommand } from '../domain/sessions';
import type { Identity, UserRecord } from '../domain/types';
import { PresenceError } from './errors';
import type { AppliedSessions, PresenceStore, PresenceWrite } from './store/port';

/** A user's presence as written: what is shown differs. */
export interface PresenceChange {
  readonly before: UserRecord;
  readonly after: UserRecord;
}

export interface EngineOptions {
  readonly store: PresenceStore;
  /** Epoch milliseconds; read once a batch. */
  readonly clock: () => number;
  /** Told of the changes of a batch after they are durable and before any caller gets its answer. */
  readonly onChanges: (changes: readonly PresenceChange[]) => void;
}

/** More lost races than this in a row on one user, and the caller is told to try again. */
const MAX_ATTEMPTS = 16;

/** Everything one batch asks of one user. */
interface UserWork {
  readonly uid: string;
  readonly sessions: SessionCommand[];
  /** Index in the batch of each session command's caller; -1 where nobody asked for this user itself. */
  readonly sessionCallers: number[];
  claims: ClaimRequest[];
  claimCallers: number[];
  identity: Identity | undefined;
  otherCallers: number[];
  /** A first contact: the user is created where the store is our own. */
  mayCreate: boolean;
}

/**
 * Carries a batch of commands through the path of design.md: sessions applied and read back, presence
 * decided by the rules, real changes written compare-and-set, losers read again, changes told, answers.
 */
export class PresenceEngine {
  constructor(private readonly options: EngineOptions) {}

  /** Answers each command in order; CONFLICT for those of a user whose races never ended. */
  async run(commands: readonly Command[]): Promise<(CommandResult | Error)[]> {
    const { store, clock } = this.options;
    const nowMs = clock();
    const work = await this.groupByUser(commands);
    const results = new Array<CommandResult | Error>(commands.length);
    const works = [...work.values()];
    let states = await store.applySessions(
      works.map(({ uid, sessions }) => ({ uid, commands: sessions })),
      nowMs,
    );
    states.forEach((state, i) => answerSessions(works[i]!, state, results));
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
    return results;
  }

  /** Decides and writes once; answers the users that must be decided again. */
  private async settle(
    states: readonly AppliedSessions[],
    work: ReadonlyMap<string, UserWork>,
    results: (CommandResult | Error)[],
    nowMs: number,
  ): Promise<ReadonlySet<string>> {
    const writes: PresenceWrite[] = [];
    for (const { uid, user, sessions, sessionsRev } of states) {
      const asked = work.get(uid)!;
      const subject = user ?? (this.options.store.createsUsers && asked.mayCreate ? firstContact(uid) : undefined);
      if (!subject) {
        answerUnknown(asked, results);
        continue;
      }
      const decision = decide(subject, sessions, asked.claims, asked.identity, nowMs);
      answerRest(asked, decision, user === undefined, results);
      if (decision.after !== decision.before) writes.push({ before: subject, after: decision.after, sessionsRev });
    }
    if (writes.length === 0) return NOBODY;
    const { written, again } = await this.options.store.writePresence(writes);
    const changes = writes.filter(({ before, after }) => written.has(after._id) && isShownChange(before, after));
    if (changes.length > 0) this.options.onChanges(changes);
    for (const uid of again) if (written.has(uid)) forgetAnswered(work.get(uid)!);
    return again;
  }

  private async groupByUser(commands: readonly Command[]): Promise<Map<string, UserWork>> {
    const work = new Map<string, UserWork>();
    const leaving: string[] = [];
    commands.forEach((command, i) => {
      const asked = workOf(work, command.uid);
      if (isFirstContact(command)) asked.mayCreate = true;
      if (command.kind === 'session') {
        asked.sessions.push(command.session);
        asked.sessionCallers.push(i);
        if (command.session.kind === 'disconnect') leaving.push(command.session.session);
      } else if (command.kind === 'claim') {
        asked.claims.push(command.claim);
        asked.claimCallers.push(i);
      } else {
        if (command.kind === 'identify') asked.identity = { ...asked.identity, ...command.identity };
        asked.otherCallers.push(i);
      }
    });
    if (leaving.length > 0) await this.addOtherOwners(commands, leaving, work);
    return work;
  }

  /** A session id is removed wherever it is stored, and every owner it had is decided again. */
  private async addOtherOwners(
    commands: readonly Command[],
    leaving: string[],
    work: Map<string, UserWork>,
  ): Promise<void> {
    const owners = await this.options.store.ownersOfSessions(leaving);
    for (const command of commands) {
      if (command.kind !== 'session' || command.session.kind !== 'disconnect') continue;
      for (const owner of owners.get(command.session.session) ?? []) {
        if (owner === command.uid) continue;
        const asked = workOf(work, owner);
        asked.sessions.push(command.session);
        asked.sessionCallers.push(-1);
      }
    }
  }
}

const NOBODY: ReadonlySet<string> = new Set();

function workOf(work: Map<string, UserWork>, uid: string): UserWork {
  let asked = work.get(uid);
  if (!asked) {
    asked = {
      uid,
      sessions: [],
      sessionCallers: [],
      claims: [],
      claimCallers: [],
      identity: undefined,
      otherCallers: [],
      mayCreate: false,
    };
    work.set(uid, asked);
  }
  return asked;
}

/** Written and answered already: what is decided again is decided on the sessions alone. */
function forgetAnswered(asked: UserWork): void {
  asked.claims = [];
  asked.claimCallers = [];
  asked.identity = undefined;
  asked.otherCallers = [];
}

function answerSessions(asked: UserWork, state: AppliedSessions, results: (CommandResult | Error)[]): void {
  asked.sessionCallers.forEach((caller, i) => {
    if (caller >= 0) results[caller] = { known: true, applied: state.found[i] ?? false, created: false };
  });
}

function answerUnknown(asked: UserWork, results: (CommandResult | Error)[]): void {
  for (const caller of [...asked.claimCallers, ...asked.otherCallers]) {
    results[caller] = { known: false, applied: false, created: false };
  }
}

function answerRest(asked: UserWork, decision: Decision, created: boolean, results: (CommandResult | Error)[]): void {
  asked.claimCallers.forEach((caller, i) => {
    results[caller] = { known: true, applied: decision.accepted[i] ?? false, created };
  });
  for (const caller of asked.otherCallers) results[caller] = { known: true, applied: true, created };
}

function failAll(asked: UserWork, results: (CommandResult | Error)[]): void {
  const error = new PresenceError('CONFLICT', 'other replicas kept changing this user, try again');
  for (const caller of [...asked.sessionCallers, ...asked.claimCallers, ...asked.otherCallers]) {
    if (caller >= 0) results[caller] = error;
  }
}
