import type { BulkWork } from './bulk-node';
import { CALLER } from './cluster';

/** What the issue asks of a step at the highest load. */
export interface Targets {
  readonly timesBaseline?: number;
  readonly ofEcho?: number;
  readonly ofBulk?: number;
}

/** One kind of call, made to `presence` and to `baseline` alike. */
export interface MongoStep {
  readonly name: string;
  readonly action: 'newConnection' | 'updateConnection' | 'removeConnection';
  readonly args: (user: number) => readonly string[];
  /** The same writes in bulk; absent where nothing needs to be written. */
  readonly bulk?: Omit<BulkWork, 'calls'>;
  /** Calls of each user: more where a call takes so little that one each would be over in an instant. */
  readonly repeats?: number;
  /** Sessions are made old before, so that their leases must be written. */
  readonly agesFirst?: true;
  readonly targets: Targets;
}

const first = (user: number) => [`u${user}`, `u${user}-1`];
const second = (user: number) => [`u${user}`, `u${user}-2`];

export const CONNECT: MongoStep = {
  name: 'connect, changes the status',
  action: 'newConnection',
  args: (user) => [...first(user), CALLER],
  bulk: { sessions: 1, status: 'online' },
  targets: { timesBaseline: 3, ofBulk: 0.6 },
};
export const CONNECT_SECOND: MongoStep = {
  name: 'connect, 2nd device',
  action: 'newConnection',
  args: (user) => [...second(user), CALLER],
  bulk: { sessions: 2 },
  targets: { timesBaseline: 4, ofBulk: 0.6 },
};
const HEARTBEAT: MongoStep = {
  name: 'heartbeat',
  action: 'updateConnection',
  args: first,
  repeats: 5,
  targets: { timesBaseline: 10, ofEcho: 0.7 },
};
const RENEWAL: MongoStep = {
  name: 'heartbeat, renews the lease',
  action: 'updateConnection',
  args: first,
  bulk: { sessions: 2 },
  agesFirst: true,
  targets: {},
};
export const DISCONNECT_SECOND: MongoStep = {
  name: 'disconnect, 2nd device',
  action: 'removeConnection',
  args: (user) => [...second(user), CALLER],
  bulk: { sessions: 1 },
  targets: { timesBaseline: 4, ofBulk: 0.6 },
};
export const DISCONNECT: MongoStep = {
  name: 'disconnect, changes the status',
  action: 'removeConnection',
  args: (user) => [...first(user), CALLER],
  bulk: { sessions: 0, status: 'offline' },
  targets: { timesBaseline: 3, ofBulk: 0.6 },
};

/** In this order each round leaves everything as it found it: all users known, none connected. */
export const MONGO_STEPS: readonly MongoStep[] = [
  CONNECT,
  CONNECT_SECOND,
  HEARTBEAT,
  RENEWAL,
  DISCONNECT_SECOND,
  DISCONNECT,
];
