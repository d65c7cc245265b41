import { heldClaims } from './held-claims';
import { decide } from './presence';
import type { Schedule } from './schedule';
import { connectionStatus, hasActiveClaim, isServiceUser } from './status';
import { arranged, waitingOf } from './waiting';
import type { Claim, LastChange, Session, Status, UserRecord } from './types';

/** Whether the node that keeps a session is there: unknown where no bus tells. */
export type InstanceState = 'up' | 'gone' | 'unknown';

export interface ExplainedSession {
  readonly id: string;
  readonly instanceId: string;
  readonly status: Status;
  readonly instance: InstanceState;
  /** Since its lease was last written. */
  readonly seenAgoMs: number;
  /** Until it ends without a heartbeat; absent where its instance sends none, and it lives as long as that. */
  readonly leaseLeftMs?: number;
}

export interface ExplainedClaim extends Claim {
  readonly endsInMs?: number;
}

/** What decided the status that is shown. */
export type DecidedBy = 'no-session' | 'sessions' | 'claim' | 'claim-of-service-user';

export interface Timer {
  readonly what: 'claim-ends' | 'waiting-claim-ends' | 'lease-ends' | 'scheduled-claim-begins';
  readonly inMs: number;
  /** The session whose lease it is. */
  readonly session?: string;
  /** The schedule whose claim it is. */
  readonly schedule?: string;
}

export interface Explanation {
  readonly uid: string;
  readonly known: true;
  readonly username?: string;
  readonly status: Status;
  readonly statusConnection: Status;
  readonly decidedBy: DecidedBy;
  /** One sentence for people. */
  readonly because: string;
  /** What is stored is what the rules give. */
  readonly agrees: boolean;
  /** Where it is not: the status after the next verification. Absent where Rocket.Chat's core decides: this node repairs nothing. */
  readonly due?: Status;
  readonly sessions: readonly ExplainedSession[];
  readonly claim?: ExplainedClaim;
  readonly waiting: readonly ExplainedClaim[];
  /** What will happen by itself, soonest first. */
  readonly timers: readonly Timer[];
  readonly lastChange?: LastChange & { readonly agoMs: number };
  readonly rev: number;
}

export interface ExplainContext {
  readonly nowMs: number;
  readonly leaseMs: number;
  /** Lease time counts from here at the earliest (design invariant 6). */
  readonly countsFromMs: number;
  /** Whether this service decides presence: an observer repairs nothing. */
  readonly isOwner: boolean;
  /** Instances whose sessions have leases. */
  readonly heartbeating: ReadonlySet<string>;
  readonly instanceState: (instanceId: string) => InstanceState;
  readonly schedules: readonly Schedule[];
}

/** Why a user is shown as he is: everything that is stored of him, and what follows from it by which rule. Pure. */
export function explain(user: UserRecord, sessions: readonly Session[], context: ExplainContext): Explanation {
  const { nowMs } = context;
  const { after } = decide(user, sessions, [], undefined, nowMs);
  const claims = heldClaims(user, nowMs);
  const explained = sessions.map((session) => explainSession(session, context));
  const claim = hasActiveClaim(claims) ? explainClaim(claims as Claim, nowMs) : undefined;
  const waiting = arranged(waitingOf(claims), nowMs).map((one) => explainClaim(one, nowMs));
  const status = user.status ?? 'offline';
  const agrees = status === after.status && (user.statusConnection ?? 'offline') === after.statusConnection;
  const decidedBy = decider({ ...user, ...claims }, sessions);
  return {
    uid: user._id,
    known: true,
    username: user.username,
    status,
    statusConnection: user.statusConnection ?? 'offline',
    decidedBy,
    because: sentence(decidedBy, explained, claim),
    agrees,
    ...(!agrees && context.isOwner ? { due: after.status } : {}),
    sessions: explained,
    claim,
    waiting,
    timers: [...timersOf(explained, claim, waiting), ...startsOf(context)].sort((a, b) => a.inMs - b.inMs),
    lastChange: user.presenceChange && {
      ...user.presenceChange,
      agoMs: nowMs - user.presenceChange.at.getTime(),
    },
    rev: user.presenceRev,
  };
}

function explainSession(session: Session, context: ExplainContext): ExplainedSession {
  const { id, instanceId, status, _updatedAt } = session;
  const seenMs = _updatedAt?.getTime() ?? 0;
  const leased = context.heartbeating.has(instanceId);
  const endsMs = Math.max(seenMs, context.countsFromMs) + context.leaseMs;
  return {
    id,
    instanceId,
    status,
    instance: context.instanceState(instanceId),
    seenAgoMs: context.nowMs - seenMs,
    ...(leased ? { leaseLeftMs: endsMs - context.nowMs } : {}),
  };
}

function explainClaim(claim: Claim, nowMs: number): ExplainedClaim {
  const { statusDefault, statusText, statusSource, statusExpiresAt, statusId } = claim;
  const ends = statusExpiresAt ? { statusExpiresAt, endsInMs: statusExpiresAt.getTime() - nowMs } : {};
  return { statusDefault, statusText: statusText || undefined, statusSource, statusId, ...ends };
}

function decider(user: UserRecord, sessions: readonly Session[]): DecidedBy {
  if (connectionStatus(sessions) === 'offline') {
    return isServiceUser(user) && hasActiveClaim(user) ? 'claim-of-service-user' : 'no-session';
  }
  return (user.statusDefault ?? 'online') === 'online' ? 'sessions' : 'claim';
}

function sentence(by: DecidedBy, sessions: readonly ExplainedSession[], claim: ExplainedClaim | undefined): string {
  const claimed = claim && `a claim (${claim.statusSource ?? 'no source'}) says ${claim.statusDefault}`;
  switch (by) {
    case 'no-session':
      return sessions.length > 0 ? 'none of the sessions is live' : 'there is no session';
    case 'sessions': {
      const count = (status: Status) => sessions.filter((session) => session.status === status).length;
      const shown = STATUS_ORDER.filter((status) => count(status) > 0).map((status) => `${count(status)} ${status}`);
      return `of ${sessions.length} sessions are ${shown.join(', ')}, and no claim says otherwise`;
    }
    case 'claim':
      return `${claimed}, and a session is live`;
    case 'claim-of-service-user':
      return `${claimed}, and bots and apps need no session`;
  }
}

const STATUS_ORDER: readonly Status[] = ['online', 'away', 'busy', 'offline'];

function timersOf(
  sessions: readonly ExplainedSession[],
  claim: ExplainedClaim | undefined,
  waiting: readonly ExplainedClaim[],
): Timer[] {
  const timers: Timer[] = [];
  if (claim?.endsInMs !== undefined) timers.push({ what: 'claim-ends', inMs: claim.endsInMs });
  for (const { endsInMs } of waiting) {
    if (endsInMs !== undefined) timers.push({ what: 'waiting-claim-ends', inMs: endsInMs });
  }
  for (const { id, leaseLeftMs } of sessions) {
    if (leaseLeftMs !== undefined) timers.push({ what: 'lease-ends', inMs: leaseLeftMs, session: id });
  }
  return timers;
}

function startsOf({ schedules, nowMs }: ExplainContext): Timer[] {
  return schedules.flatMap(({ _id, next }) => {
    return next
      ? { what: 'scheduled-claim-begins' as const, inMs: next.startsAt.getTime() - nowMs, schedule: _id }
      : [];
  });
}
