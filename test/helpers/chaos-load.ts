import { setTimeout as pause } from 'node:timers/promises';
import { STATUSES, type Status } from '../../domain/types';
import type { RocketChatNode } from './rocket-chat-node';

/**
 * What a session may be: stored with a status, or not. `untold` is gone too, but by a replica that ended before it
 * told the others: until a third of its lease is over they may answer its heartbeats from memory (decision 0006).
 */
export type Fate = Status | 'gone' | 'untold';

export const isGone = (fate: Fate) => fate === 'gone' || fate === 'untold';

/** A call, and what it makes of what was before. */
interface Call<T> {
  readonly action: string;
  readonly args: readonly unknown[];
  readonly effect: (before: T) => T | readonly T[];
  /** The effect where it was carried out but not answered; absent: the same. */
  readonly unanswered?: (before: T) => T;
  /** Whether the answer can be given on what was before; absent: it tells nothing. */
  readonly fits?: (before: T, answer: unknown) => boolean;
}

/** The calls about one thing, one after the other, and what that thing must be by what was answered. */
export class Lane<T> {
  /** More than one while calls that failed may or may not have been carried out. */
  possible: ReadonlySet<T>;

  constructor(
    readonly uid: string,
    readonly id: string,
    first: T,
    private readonly calls: readonly Call<T>[],
  ) {
    this.possible = new Set([first]);
  }

  /** @returns a fault, where the answer contradicts those before */
  async step(core: RocketChatNode, call = oneOf(this.calls)): Promise<string | undefined> {
    const { action, args, effect, unanswered = effect, fits } = call;
    let answer: unknown;
    try {
      answer = await core.call(action, ...args);
    } catch (error) {
      this.possible = new Set([...this.possible, ...[...this.possible].flatMap(unanswered)]);
      throw error;
    }
    const before = [...this.possible];
    const fitting = fits ? before.filter((one) => fits(one, answer)) : before;
    this.possible = new Set(fitting.flatMap(effect));
    return fitting.length > 0 ? undefined : `${action} of ${this.id} answered ${String(answer)} on ${before.join('|')}`;
  }

  /** The first of its calls: for what must be there before the others are made. */
  begin(core: RocketChatNode): Promise<string | undefined> {
    return this.step(core, this.calls[0]);
  }
}

/** One session: login, heartbeats, away and back, logout. */
export function sessionLane(uid: string, id: string, nodeID: string): Lane<Fate> {
  const setStatus = (status: Status): Call<Fate> => ({
    action: 'setConnectionStatus',
    args: [uid, status, id],
    effect: (before) => (isGone(before) ? before : status),
    fits: (before, found) => found === !isGone(before),
  });
  return new Lane<Fate>(uid, id, 'gone', [
    { action: 'newConnection', args: [uid, id, nodeID], effect: () => 'online' },
    { action: 'updateConnection', args: [uid, id], effect: beat },
    { action: 'removeConnection', args: [uid, id], effect: () => 'gone', unanswered: () => 'untold' },
    setStatus('away'),
    setStatus('online'),
  ]);
}

function beat(before: Fate): Fate | readonly Fate[] {
  if (before === 'untold') return ['untold', 'online'];
  return before === 'gone' ? 'online' : before;
}

/** What one user claims; nobody else does, so the last word holds. */
export function claimLane(uid: string): Lane<Status> {
  const calls = STATUSES.map((status) => ({ action: 'setStatus', args: [uid, status], effect: () => status }));
  return new Lane<Status>(uid, `claim of ${uid}`, 'online', calls);
}

/** What a caller gets to hear of a node that is killed. */
export const OF_A_KILL: readonly string[] = [
  'REQUEST_REJECTED',
  'REQUEST_TIMEOUT',
  'SERVICE_NOT_FOUND',
  'SERVICE_NOT_AVAILABLE',
];

/** Callers that each go through lanes of their own, at random, until they or their node are stopped. */
export class Load {
  acknowledged = 0;
  /** Calls that failed as they may when a node is killed. */
  failed = 0;
  /** What must not happen: other failures, and answers that contradict each other. */
  readonly faults: string[] = [];
  private isOn = true;
  private readonly callers: Promise<unknown>;

  /** @param pauseMs of a caller between two calls; without it they take all the machine gives */
  constructor(
    core: RocketChatNode,
    lanes: readonly { step(core: RocketChatNode): Promise<string | undefined> }[],
    inFlight: number,
    pauseMs = 0,
  ) {
    this.callers = Promise.all(
      Array.from({ length: inFlight }, async (_, caller) => {
        const own = lanes.filter((_lane, i) => i % inFlight === caller);
        // A failed test stops the node and not the load: calls that fail at once, for ever, would keep jest from ending.
        while (this.isOn && core.broker.started) {
          await this.count(() => oneOf(own).step(core));
          if (pauseMs > 0) await pause(pauseMs);
        }
      }),
    );
  }

  async stop(): Promise<void> {
    this.isOn = false;
    await this.callers;
  }

  private async count(step: () => Promise<string | undefined>): Promise<void> {
    try {
      const fault = await step();
      this.acknowledged += 1;
      if (fault) this.faults.push(fault);
    } catch (error) {
      const { type, message } = error as { readonly type?: string; readonly message: string };
      if (type !== undefined && OF_A_KILL.includes(type)) this.failed += 1;
      else this.faults.push(`${type}: ${message}`);
    }
  }
}

function oneOf<T>(choices: readonly T[]): T {
  return choices[Math.floor(Math.random() * choices.length)]!;
}
