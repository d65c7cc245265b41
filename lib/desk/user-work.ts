import { causeOf, stronger } from '../../domain/causes';
import { isFirstContact, type Command } from '../../domain/commands';
import type { ClaimRequest } from '../../domain/claims';
import type { SessionCommand } from '../../domain/sessions';
import type { Cause, Identity, Session } from '../../domain/types';

/** In place of a caller's index where nobody asked for this user itself. */
export const NO_CALLER = -1;

/** Everything one batch asks of one user; callers are indexes in the batch. */
export interface UserWork {
  readonly uid: string;
  readonly sessions: SessionCommand[];
  readonly sessionCallers: number[];
  /** For each session command, once applied: whether what it names was there. */
  found: readonly boolean[];
  /** The sessions after these commands. */
  sessionsAfter: readonly Session[];
  claims: ClaimRequest[];
  claimCallers: number[];
  identity: Identity | undefined;
  otherCallers: number[];
  /** The strongest of what was asked, noted with what changes. */
  cause: Cause;
  /** A first contact: the user is created where the store is our own. */
  mayCreate: boolean;
  /** Somebody else has written what is shown of the user. */
  outside: boolean;
  /** The user was created by this batch. */
  created: boolean;
  /** The user is to be forgotten. */
  removed: boolean;
}

/**
 * Sorts a batch by user, each user's commands in the order they came. A disconnect goes to whoever holds
 * the session at that place of the batch, also to users who got it earlier in it (design, removeConnection).
 *
 * @param owners who held each leaving session before this batch
 */
export function groupByUser(
  commands: readonly Command[],
  owners: ReadonlyMap<string, readonly string[]>,
): Map<string, UserWork> {
  const work = new Map<string, UserWork>();
  const holders = new Map([...owners].map(([session, uids]) => [session, new Set(uids)]));
  commands.forEach((command, i) => {
    const asked = workOf(work, command.uid);
    asked.cause = stronger(asked.cause, causeOf(command));
    asked.mayCreate ||= isFirstContact(command);
    asked.outside ||= command.kind === 'recompute' && command.outside === true;
    if (command.kind === 'session') addSession(work, asked, command.session, i, holders);
    else if (command.kind === 'claim') {
      asked.claims.push(command.claim);
      asked.claimCallers.push(i);
    } else {
      if (command.kind === 'remove') addRemoval(asked);
      if (command.kind === 'identify') asked.identity = { ...asked.identity, ...command.identity };
      asked.otherCallers.push(i);
    }
  });
  return work;
}

/**
 * Claims and identity are written and answered: what is decided again is decided on the sessions alone,
 * whose callers go on waiting until presence agrees with them.
 */
export function forgetAnswered(asked: UserWork, created: boolean): void {
  asked.created ||= created;
  asked.claims = [];
  asked.claimCallers = [];
  asked.identity = undefined;
  asked.otherCallers = [];
  asked.outside = false;
}

/** Everybody who waits for an answer about this user. */
export function callersOf({ sessionCallers, claimCallers, otherCallers }: UserWork): number[] {
  return [...sessionCallers, ...claimCallers, ...otherCallers].filter((caller) => caller !== NO_CALLER);
}

function addSession(
  work: Map<string, UserWork>,
  asked: UserWork,
  command: SessionCommand,
  caller: number,
  holders: Map<string, Set<string>>,
): void {
  asked.sessions.push(command);
  asked.sessionCallers.push(caller);
  if (holders.size === 0) return;
  if (command.kind === 'connect' || command.kind === 'heartbeat') holders.get(command.session)?.add(asked.uid);
  if (command.kind !== 'disconnect') return;
  for (const holder of holders.get(command.session) ?? []) {
    if (holder === asked.uid) continue;
    const other = workOf(work, holder);
    other.cause = stronger(other.cause, 'connection');
    other.sessions.push(command);
    other.sessionCallers.push(NO_CALLER);
  }
  holders.get(command.session)?.clear();
}

const NO_INSTANCE: ReadonlySet<string> = new Set();

function addRemoval(asked: UserWork): void {
  asked.removed = true;
  asked.sessions.push({ kind: 'dropOtherInstances', keep: NO_INSTANCE });
  asked.sessionCallers.push(NO_CALLER);
  asked.claims.push({ kind: 'clearActive' });
  asked.claimCallers.push(NO_CALLER);
}

function workOf(work: Map<string, UserWork>, uid: string): UserWork {
  let asked = work.get(uid);
  if (!asked) {
    asked = {
      uid,
      sessions: [],
      sessionCallers: [],
      found: [],
      sessionsAfter: [],
      claims: [],
      claimCallers: [],
      identity: undefined,
      otherCallers: [],
      cause: 'reconcile',
      mayCreate: false,
      outside: false,
      created: false,
      removed: false,
    };
    work.set(uid, asked);
  }
  return asked;
}
