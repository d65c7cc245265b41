import { PROCESSES_KEPT_MS } from '../instance-port';
import { HEARTBEATS_KEPT_MS } from '../port';
import { OUTBOX_COLLECTION } from './callbacks';
import { MARKERS_COLLECTION } from './change-source';
import type { MongoConnection } from './connection';
import { DIGESTS_COLLECTION, HISTORY_COLLECTION } from './history';
import { PROCESSES_COLLECTION } from './instances';
import { SCHEDULES_COLLECTION } from './schedules';

interface Wanted {
  readonly collection: string;
  readonly key: Record<string, 1>;
  readonly options?: {
    /** Absent: made of the key, as the driver does. */
    readonly name?: string;
    readonly partialFilterExpression?: object;
    readonly sparse?: boolean;
    readonly expireAfterSeconds?: number;
  };
  /** The configuration says when documents expire: an index that says another time is changed. */
  readonly isConfigured?: boolean;
}

const DAY_S = 24 * 60 * 60;

/**
 * What liveness and expiry look for. An index that Rocket.Chat makes too, in any of its versions, has exactly its name and options
 * (contract 5.3): Rocket.Chat makes its own in one batch, and one that exists in another form fails the whole batch. Its oldest versions
 * name two on `usersSessions`; its newer ones make none there.
 */
const ON_ROCKETCHATS: readonly Wanted[] = [
  {
    collection: 'usersSessions',
    key: { 'connections.instanceId': 1 },
    options: { sparse: true, name: 'connections.instanceId' },
  },
  { collection: 'usersSessions', key: { 'connections.id': 1 }, options: { sparse: true, name: 'connections.id' } },
  { collection: 'usersSessions', key: { 'connections._updatedAt': 1 } },
  { collection: 'usersSessions', key: { 'lost.instanceId': 1 }, options: { sparse: true } },
  { collection: 'users', key: { status: 1 } },
  {
    collection: 'users',
    key: { statusExpiresAt: 1 },
    options: { partialFilterExpression: { statusExpiresAt: { $exists: true } } },
  },
  {
    collection: 'users',
    key: { 'previousState.statusExpiresAt': 1 },
    options: { partialFilterExpression: { presenceWaiting: { $exists: true } } },
  },
];

const ON_OURS: readonly Wanted[] = [
  { collection: SCHEDULES_COLLECTION, key: { dueAt: 1 } },
  { collection: SCHEDULES_COLLECTION, key: { uid: 1 } },
  // What is due, in its order, so that of a long backlog no more is read than is asked for; pages by id; what is parked for too long.
  { collection: OUTBOX_COLLECTION, key: { callback: 1, state: 1, dueAt: 1, _id: 1 } },
  { collection: OUTBOX_COLLECTION, key: { callback: 1, _id: 1 } },
  { collection: OUTBOX_COLLECTION, key: { parkedAt: 1 }, options: { sparse: true } },
  { collection: 'presence_nodes', key: { at: 1 }, options: { expireAfterSeconds: HEARTBEATS_KEPT_MS / 1000 } },
  { collection: PROCESSES_COLLECTION, key: { at: 1 }, options: { expireAfterSeconds: PROCESSES_KEPT_MS / 1000 } },
  // Left by replicas that were killed.
  { collection: MARKERS_COLLECTION, key: { at: 1 }, options: { expireAfterSeconds: DAY_S } },
];

/** A page of everybody's history goes along `_id`. */
function wantedOfHistory(days: number): readonly Wanted[] {
  const expiry = { key: { at: 1 }, options: { expireAfterSeconds: days * DAY_S }, isConfigured: true } as const;
  return [
    { collection: HISTORY_COLLECTION, key: { uid: 1, _id: 1 } },
    { collection: HISTORY_COLLECTION, ...expiry },
    { collection: DIGESTS_COLLECTION, ...expiry },
  ];
}

export interface WantedIndexes {
  /** On Rocket.Chat's collections too. */
  readonly theirs: boolean;
  /** How long changes are kept; 0: no index is made for them. */
  readonly historyDays?: number;
}

/**
 * Makes the indexes that are missing. One that exists on the same key in any form (sparse, partial, under
 * another name) is left as it is: never dropped, never rebuilt, never a reason not to start; save when history expires, which is the
 * operator's to say.
 */
export async function ensureIndexes(
  connection: MongoConnection,
  { theirs, historyDays = 0 }: WantedIndexes,
): Promise<void> {
  const ofHistory = historyDays > 0 ? wantedOfHistory(historyDays) : [];
  for (const one of [...(theirs ? ON_ROCKETCHATS : []), ...ON_OURS, ...ofHistory])
    await connection.patiently(() => ensure(connection, one));
}

async function ensure(connection: MongoConnection, { collection, key, options, isConfigured }: Wanted): Promise<void> {
  const target = connection.collection(collection);
  const existing = (await target.indexes().catch(() => [])) as { key: object; expireAfterSeconds?: number }[];
  const there = existing.find((index) => JSON.stringify(index.key) === JSON.stringify(key));
  if (there) {
    const { expireAfterSeconds } = options ?? {};
    if (!isConfigured || there.expireAfterSeconds === expireAfterSeconds) return;
    await connection.command({ collMod: collection, index: { keyPattern: key, expireAfterSeconds } });
    return;
  }
  try {
    await target.createIndex(key, options);
  } catch (thrown) {
    if (!isThereInAnotherForm(thrown)) throw thrown;
  }
}

/** Another replica made it meanwhile, or it exists with other options (IndexOptionsConflict, IndexKeySpecsConflict). */
function isThereInAnotherForm(thrown: unknown): boolean {
  return [85, 86].includes((thrown as { code?: number }).code ?? 0);
}
