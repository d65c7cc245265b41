import type { BulkWriteOperation, Collection } from 'mongodb';

const DUPLICATE_KEY = 11_000;

/**
 * One unordered bulk write of compare-and-set operations, each for another document.
 *
 * @returns whether every one of them was applied; if not, the caller looks which
 */
export async function compareAndSet<T extends { readonly _id: string }>(
  collection: Collection<T>,
  operations: BulkWriteOperation<T>[],
): Promise<boolean> {
  try {
    const result = await collection.bulkWrite(operations, { ordered: false });
    return (result.matchedCount ?? 0) + (result.upsertedCount ?? 0) === operations.length;
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

/** Whether a write of one document failed because another holds its key. */
export function isDuplicate(thrown: unknown): boolean {
  return (thrown as { code?: unknown }).code === DUPLICATE_KEY;
}

function onlyDuplicates(thrown: unknown): boolean {
  const { writeErrors } = thrown as { writeErrors?: { code?: number } | { code?: number }[] };
  const errors = writeErrors === undefined ? [] : Array.isArray(writeErrors) ? writeErrors : [writeErrors];
  return errors.length > 0 ? errors.every(isDuplicate) : isDuplicate(thrown);
}
