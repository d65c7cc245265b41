import type { AnyBulkWriteOperation, Collection } from 'mongodb';
import { onlyDuplicates } from './errors';

/**
 * One unordered bulk write of compare-and-set statements, each for other documents.
 *
 * @param documents how many they are for in all
 * @returns whether every one of them was applied; if not, the caller looks which
 */
export async function compareAndSet<T extends { readonly _id: string }>(
  collection: Collection<T>,
  statements: AnyBulkWriteOperation<T>[],
  documents: number,
): Promise<boolean> {
  try {
    const result = await collection.bulkWrite(statements, { ordered: false });
    // Not `matchedCount`: a document that is no longer as it was read is found, and left as it is.
    return (result.modifiedCount ?? 0) + (result.upsertedCount ?? 0) === documents;
  } catch (thrown) {
    // An upsert whose filter no longer matches runs into the document it meant to create: a lost race.
    if (onlyDuplicates(thrown)) return false;
    throw thrown;
  }
}

/** The driver's first reply holds 101 documents otherwise, and the rest costs another round trip. */
export function inOneReply(ids: readonly string[]): { batchSize: number } {
  return { batchSize: ids.length + 1 };
}
