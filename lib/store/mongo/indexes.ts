import { HEARTBEATS_KEPT_MS } from '../port';
import type { MongoConnection } from './connection';

interface Wanted {
  readonly collection: string;
  readonly key: Record<string, 1>;
  readonly options?: {
    readonly partialFilterExpression?: object;
    readonly sparse?: boolean;
    readonly expireAfterSeconds?: number;
  };
}

/** Upstream has none besides `_id` on `usersSessions` (contract 5.3, W17); what liveness and expiry look for is named here. */
const WANTED: readonly Wanted[] = [
  { collection: 'usersSessions', key: { 'connections.instanceId': 1 } },
  { collection: 'usersSessions', key: { 'connections.id': 1 } },
  { collection: 'usersSessions', key: { 'connections._updatedAt': 1 } },
  { collection: 'users', key: { status: 1 } },
  {
    collection: 'users',
    key: { statusExpiresAt: 1 },
    options: { partialFilterExpression: { statusExpiresAt: { $exists: true } } },
  },
  { collection: 'presence_nodes', key: { at: 1 }, options: { expireAfterSeconds: HEARTBEATS_KEPT_MS / 1000 } },
];

/**
 * Makes the indexes that are missing. One that exists on the same key in any form (sparse, partial, under
 * another name) is left as it is: never dropped, never rebuilt, never a reason not to start.
 */
export async function ensureIndexes(connection: MongoConnection): Promise<void> {
  for (const { collection, key, options } of WANTED) {
    await connection.patiently(async () => {
      const target = connection.collection(collection);
      const existing = (await target.indexes().catch(() => [])) as { key: object }[];
      if (existing.some((index) => JSON.stringify(index.key) === JSON.stringify(key))) return;
      try {
        await target.createIndex(key, { background: true, ...options });
      } catch (thrown) {
        if (!isThereInAnotherForm(thrown)) throw thrown;
      }
    });
  }
}

/** Another replica made it meanwhile, or it exists with other options (IndexOptionsConflict, IndexKeySpecsConflict). */
function isThereInAnotherForm(thrown: unknown): boolean {
  return [85, 86].includes((thrown as { code?: number }).code ?? 0);
}
