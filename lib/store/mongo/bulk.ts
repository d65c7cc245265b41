import type { AnyBulkWriteOperation, Collection } from 'mongodb';

const DUPLICATE_KEY = 11_000;

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

/** Whether a write of one document failed because another holds its key. */
export function isDuplicate(thrown: unknown): boolean {
  return (thrown as { code?: unknown }).code === DUPLICATE_KEY;
}

interface BulkError {
  readonly code?: number;
  readonly writeErrors?: { readonly code?: number } | readonly { readonly code?: number }[];
  readonly result?: { readonly getWriteConcernError?: () => unknown };
}

/** The codes of all that went wrong in an operation; of a bulk write each part may have failed for another reason. */
export function codesOf(thrown: unknown): readonly (number | undefined)[] {
  const { code, writeErrors = [] } = thrown as BulkError;
  const parts = [writeErrors].flat() as { readonly code?: number }[];
  return parts.length > 0 ? parts.map((part) => part.code) : [code];
}

/** Whether a bulk write did not become durable on a majority. The driver's own code for why gets lost. */
export function missedMajority(thrown: unknown): boolean {
  return (thrown as BulkError).result?.getWriteConcernError?.() != null;
}

/** Whether all that went wrong in a write is that documents are there already. */
export function onlyDuplicates(thrown: unknown): boolean {
  return codesOf(thrown).every((code) => code === DUPLICATE_KEY);
}
