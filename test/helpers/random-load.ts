import type { Command } from '../../domain/commands';
import { STATUSES, type Claim, type ClaimSource, type Status } from '../../domain/types';
import { CLOCK_NOISE_MS } from '../../lib/replicas/shared-clock';
import type { RocketChatNode } from './rocket-chat-node';

/** What one call asks for. `expiresInMs` counts from when the call is sent. */
export type Asked =
  | { readonly kind: 'connect' | 'heartbeat' | 'disconnect'; readonly session: string }
  | { readonly kind: 'sessionStatus'; readonly session: string; readonly status: Status }
  | { readonly kind: 'setStatus' | 'setActive'; readonly claim: Claim; readonly expiresInMs?: number }
  | { readonly kind: 'endActive'; readonly statusId?: string }
  | { readonly kind: 'clearActive' };

interface PlannedCall {
  readonly uid: string;
  readonly replica: string;
  readonly asked: Asked;
}

export interface Load {
  /** Sent as many at once as there are lanes: calls on one user meet at different replicas. */
  readonly busy: readonly PlannedCall[];
  /** One list a user, whose calls are sent one after the other. */
  readonly sequential: readonly (readonly PlannedCall[])[];
}

/** A call and what became of it. */
export interface Answered extends PlannedCall {
  /** Counts of one logical clock: a call that began above another's `endedAt` was sent once that one was answered. */
  readonly beganAt: number;
  readonly endedAt: number;
  readonly result: unknown;
  /** Absent when the call succeeded. */
  readonly failure?: string;
}

const IN_FLIGHT = 128;
const BUSY_USERS = 150;
/**
 * Busy users take turns, a few at a time. So the last calls on every one of them meet, and what is left wrong then
 * stays wrong; a user with a call now and then until the end would be put right by the next.
 */
const USERS_A_WAVE = 10;
const SEQUENTIAL_USERS = 50;
const SESSIONS_A_USER = 4;
const EXPIRY_MS = { min: 50, max: 400 };
const EXPIRING_SHARE = 0.3;

/** A small seeded generator (mulberry32, T. Ettinger): the same calls for the same seed. */
function randomsOf(seed: number) {
  let state = seed;
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (end: number) => Math.floor(next() * end);
  return { next, below, pick: <T>(from: readonly T[]): T => from[below(from.length)]! };
}
type Randoms = ReturnType<typeof randomsOf>;

/** @param prefix of all user ids: loads with different ones do not meet */
export function planLoad(seed: number, prefix: string, calls: number, replicas: readonly string[]): Load {
  const random = randomsOf(seed);
  const planned = (uid: string, mayExpire: boolean): PlannedCall => ({
    uid,
    replica: random.pick(replicas),
    asked: randomAsked(random, uid, mayExpire),
  });
  const each = Math.ceil(calls / (BUSY_USERS + SEQUENTIAL_USERS));
  const sequential = Array.from({ length: SEQUENTIAL_USERS }, (_, user) =>
    Array.from({ length: each }, () => planned(`${prefix}sequential-${user}`, false)),
  );
  const busyCalls = calls - each * SEQUENTIAL_USERS;
  const busy = Array.from({ length: busyCalls }, (_, at) => {
    const wave = Math.floor((at / busyCalls) * (BUSY_USERS / USERS_A_WAVE));
    return planned(`${prefix}busy-${wave * USERS_A_WAVE + random.below(USERS_A_WAVE)}`, true);
  });
  return { busy, sequential };
}

/** How often each kind is asked for: sessions above all, which the oracle looks at. */
const KINDS: readonly Asked['kind'][] = [
  ...Array<Asked['kind']>(5).fill('connect'),
  ...Array<Asked['kind']>(5).fill('disconnect'),
  ...Array<Asked['kind']>(5).fill('heartbeat'),
  ...Array<Asked['kind']>(4).fill('sessionStatus'),
  ...Array<Asked['kind']>(2).fill('setStatus'),
  ...Array<Asked['kind']>(3).fill('setActive'),
  ...Array<Asked['kind']>(2).fill('endActive'),
  'clearActive',
];
const TEXTS = [undefined, '', 'in a call', 'lunch'];
const CLAIM_IDS = [undefined, 'call', 'meeting'];
const SOURCES: readonly ClaimSource[] = ['internal', 'external', 'manual'];

function randomAsked(random: Randoms, uid: string, mayExpire: boolean): Asked {
  const kind = random.pick(KINDS);
  const session = `${uid}/${random.below(SESSIONS_A_USER)}`;
  const statusText = random.pick(TEXTS);
  const expiresInMs =
    mayExpire && random.next() < EXPIRING_SHARE
      ? EXPIRY_MS.min + random.below(EXPIRY_MS.max - EXPIRY_MS.min)
      : undefined;
  switch (kind) {
    case 'connect':
    case 'heartbeat':
    case 'disconnect':
      return { kind, session };
    case 'sessionStatus':
      return { kind, session, status: random.pick(['away', 'online']) };
    case 'setStatus':
      return { kind, claim: { statusDefault: random.pick(STATUSES), statusText, statusSource: 'manual' }, expiresInMs };
    case 'setActive': {
      const [statusDefault, statusSource] = [random.pick(STATUSES), random.pick(SOURCES)];
      return {
        kind,
        claim: { statusDefault, statusText, statusSource, statusId: random.pick(CLAIM_IDS) },
        expiresInMs,
      };
    }
    case 'endActive':
      return { kind, statusId: random.pick(CLAIM_IDS) };
    case 'clearActive':
      return { kind };
  }
}

/** The same in the words of the rules. Only for calls without an expiry. @param instanceId the node that calls */
export function commandOf(uid: string, asked: Asked, instanceId: string): Command {
  switch (asked.kind) {
    case 'connect':
    case 'heartbeat':
      return { uid, kind: 'session', session: { kind: asked.kind, session: asked.session, instanceId } };
    case 'disconnect':
      return { uid, kind: 'session', session: { kind: asked.kind, session: asked.session } };
    case 'sessionStatus':
      return { uid, kind: 'session', session: asked };
    case 'setStatus': {
      const clears = asked.claim.statusDefault === 'online' && !asked.claim.statusText; // contract 2.1, setStatus
      return {
        uid,
        kind: 'claim',
        claim: clears ? { kind: 'clearActive' } : { kind: 'setActive', claim: asked.claim },
      };
    }
    case 'setActive':
      return { uid, kind: 'claim', claim: { kind: 'setActive', claim: asked.claim } };
    case 'endActive':
    case 'clearActive':
      return { uid, kind: 'claim', claim: asked };
  }
}

/** Sends a load through one node, about 128 calls at a time. @returns all calls, each user's in the order sent */
export async function send(node: RocketChatNode, { busy, sequential }: Load): Promise<Answered[]> {
  const answered: Answered[] = [];
  let clock = 0;
  const sendOne = async (call: PlannedCall) => {
    const beganAt = clock++;
    const outcome = await callOf(node, call).then(
      (result) => ({ result }),
      (thrown: unknown) => ({ result: undefined, failure: failureOf(thrown) }),
    );
    answered.push({ ...call, beganAt, endedAt: clock++, ...outcome });
  };
  const waiting = busy.values();
  const busyLane = async () => {
    for (const call of waiting) await sendOne(call);
  };
  const sequentialLane = async (calls: readonly PlannedCall[]) => {
    for (const call of calls) await sendOne(call);
  };
  const lanes = Array.from({ length: IN_FLIGHT - sequential.length }, busyLane);
  await Promise.all([...lanes, ...sequential.map(sequentialLane)]);
  return answered.toSorted((a, b) => a.beganAt - b.beganAt);
}

function failureOf(thrown: unknown): string {
  const { type, message } = thrown as { type?: string; message?: string };
  return `${type}: ${message}`;
}

/** The one failure that a call may have: its claim ended before it arrived. Answers as if it had been refused. */
async function callOf(node: RocketChatNode, { uid, replica, asked }: PlannedCall): Promise<unknown> {
  if (!('expiresInMs' in asked) || asked.expiresInMs === undefined) {
    return node.callAt(replica, ...argumentsOf(uid, asked, undefined, node.broker.nodeID));
  }
  const expiresAt = new Date(Date.now() + asked.expiresInMs);
  return node.callAt(replica, ...argumentsOf(uid, asked, expiresAt, node.broker.nodeID)).catch((thrown: unknown) => {
    const isRefused = (thrown as { type?: string }).type === 'EXPIRY_NOT_IN_FUTURE';
    // A replica's clock may be ahead of ours by what it takes for noise.
    if (!isRefused || expiresAt.getTime() > Date.now() + CLOCK_NOISE_MS) throw thrown;
    return false;
  });
}

function argumentsOf(uid: string, asked: Asked, expiresAt: Date | undefined, nodeID: string): [string, ...unknown[]] {
  switch (asked.kind) {
    case 'connect':
      return ['newConnection', uid, asked.session, nodeID];
    case 'heartbeat':
      return ['updateConnection', uid, asked.session];
    case 'disconnect':
      return ['removeConnection', uid, asked.session];
    case 'sessionStatus':
      return ['setConnectionStatus', uid, asked.status, asked.session];
    case 'setStatus':
      return ['setStatus', uid, asked.claim.statusDefault, asked.claim.statusText, expiresAt];
    case 'setActive':
      return ['setActiveState', uid, { ...asked.claim, statusExpiresAt: expiresAt }];
    case 'endActive':
      return ['endActiveState', uid, asked.statusId];
    case 'clearActive':
      return ['clearActiveState', uid];
  }
}
