import { setTimeout as pause } from 'node:timers/promises';
import type { Status } from '../../domain/types';
import { claimLane, isGone, OF_A_KILL, sessionLane, type Fate, type Lane } from '../helpers/chaos-load';
import { eventually } from '../helpers/eventually';
import type { RocketChatNode } from '../helpers/rocket-chat-node';
import { CORE } from './soak-world';

const SESSIONS_A_PERSON = 2;
/** Of a caller between two calls: all of them together make about 20 calls a second. */
const PAUSE_MS = 400;
const CALLERS = 8;
const SETTLES_WITHIN = { timeoutMs: 60_000 };
/** What a caller may hear while a server is away. */
const OF_AN_OUTAGE: readonly string[] = [...OF_A_KILL, 'STORE_UNAVAILABLE', 'BUSY', 'REQUEST_SKIPPED'];

interface Person {
  readonly uid: string;
  readonly sessions: readonly Lane<Fate>[];
  readonly claim: Lane<Status>;
}

/** People with two devices each, whose sessions and claims change at random; it knows what each of them must be. */
export class People {
  readonly all: readonly Person[];
  answered = 0;
  /** Calls that failed as they may, by code. */
  readonly failed = new Map<string, number>();
  /** What must not happen. */
  readonly faults: string[] = [];
  private callers: Promise<unknown> = Promise.resolve();
  private isOn = false;

  constructor(
    private readonly core: RocketChatNode,
    count: number,
  ) {
    this.all = Array.from({ length: count }, (_, i) => {
      const uid = `person-${i}`;
      const ids = Array.from({ length: SESSIONS_A_PERSON }, (_none, device) => `${uid}/${device}`);
      return { uid, sessions: ids.map((id) => sessionLane(uid, id, CORE)), claim: claimLane(uid) };
    });
  }

  start(): void {
    this.isOn = true;
    this.callers = Promise.all(Array.from({ length: CALLERS }, (_, caller) => this.live(caller)));
  }

  async pause(): Promise<void> {
    this.isOn = false;
    await this.callers;
  }

  /** Makes each call of which the outcome is open once more, until it is answered. */
  async settle(): Promise<void> {
    for (const { uid, sessions, claim } of this.all) {
      for (const lane of sessions) if (lane.possible.size !== 1 || lane.possible.has('untold')) await this.begin(lane);
      if (claim.possible.size !== 1) await this.begin(claim);
      if (sessions.some(({ possible }) => possible.size !== 1)) throw new Error(`${uid} is not settled`);
    }
  }

  /** What each person must be shown as, by what was answered (contract 8.1 and 8.2). */
  expected(): Record<string, Status> {
    return Object.fromEntries(this.all.map((person) => [person.uid, statusOf(person)]));
  }

  private async begin<T>(lane: Lane<T>): Promise<void> {
    await eventually(() => lane.begin(this.core), SETTLES_WITHIN);
  }

  private async live(caller: number): Promise<void> {
    const lanes = this.all
      .filter((_, i) => i % CALLERS === caller)
      .flatMap(({ sessions, claim }) => [...sessions, ...sessions, claim]);
    while (this.isOn) {
      await this.step(lanes[Math.floor(Math.random() * lanes.length)]!);
      await pause(PAUSE_MS * Math.random() * 2);
    }
  }

  private async step(lane: Lane<Fate> | Lane<Status>): Promise<void> {
    try {
      const fault = await lane.step(this.core);
      this.answered += 1;
      if (fault) this.faults.push(fault);
    } catch (error) {
      const { type, message } = error as { readonly type?: string; readonly message: string };
      if (type !== undefined && OF_AN_OUTAGE.includes(type)) this.failed.set(type, (this.failed.get(type) ?? 0) + 1);
      else this.faults.push(`${type}: ${message}`);
    }
  }
}

function only<T>(possible: ReadonlySet<T>): T {
  const [one] = possible;
  if (possible.size !== 1) throw new Error(`not settled: ${[...possible].join('|')}`);
  return one as T;
}

function statusOf({ sessions, claim }: Person): Status {
  const live = sessions.map(({ possible }) => only(possible)).filter((fate): fate is Status => !isGone(fate));
  const claimed = only(claim.possible);
  if (live.length === 0) return 'offline';
  if (claimed !== 'online') return claimed;
  return live.includes('online') ? 'online' : live.at(-1)!;
}
