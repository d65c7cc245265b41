import type { BulkWriteOperation } from 'mongodb';
import { alike } from '../../../domain/alike';

/** What is to become of one document, if it still is as it was read. */
export interface Change {
  readonly id: string;
  /** What the statement's comparisons gave when the document was read, one each. */
  readonly asRead: readonly unknown[];
  /** New values, literally. */
  readonly set: Readonly<Record<string, unknown>>;
  /** What is put into fields that hold objects, literally. */
  readonly merge?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

/** What all changes of a statement have in common, besides the names of the fields they set and merge into. */
export interface Shared {
  /** Expressions on a document, to be compared with `asRead`. */
  readonly comparisons: readonly object[];
  /** Fields that are taken away. */
  readonly unset?: readonly string[];
}

/** There only while the statement is carried out. */
const IS_AS_READ = 'presenceIsAsRead';

/**
 * Documents of one statement. With more, finding a document's place in the lists begins to cost, and other writers wait
 * longer for the end of it.
 */
const AT_ONCE = 64;

/**
 * Statements that change many documents, each to values of its own and only if it is still as it was read: a compare-and-set. A
 * document that is not stays untouched and does not count as modified.
 *
 * A database carries out such a statement in half the time of one for each document (decisions/0006). The filter asks for ids and
 * nothing else: a comparison in it would cost a query plan, or with `$expr` in one stand-in a walk through the collection.
 */
export function sharedStatements<T>(changes: readonly Change[], shared: Shared): BulkWriteOperation<T>[] {
  const statements: BulkWriteOperation<T>[] = [];
  for (let at = 0; at < changes.length; at += AT_ONCE) {
    statements.push(sharedStatement(changes.slice(at, at + AT_ONCE), shared));
  }
  return statements;
}

function sharedStatement<T>(changes: readonly Change[], { comparisons, unset = [] }: Shared): BulkWriteOperation<T> {
  const ids = changes.map(({ id }) => id);
  const own = ownValue(ids);
  const [first] = changes;
  const values: Record<string, unknown> = {};
  for (const field of Object.keys(first!.set)) values[field] = own(changes.map(({ set }) => set[field]));
  for (const field of Object.keys(first!.merge ?? {})) {
    const held = { $cond: [{ $eq: [{ $type: `$${field}` }, 'object'] }, `$${field}`, {}] }; // another writer may have put anything
    values[field] = { $mergeObjects: [held, own(changes.map(({ merge }) => merge![field]))] };
  }
  for (const field of unset) values[field] = '$$REMOVE';
  for (const [field, value] of Object.entries(values)) {
    values[field] = { $cond: [`$${IS_AS_READ}`, value, `$${field}`] };
  }
  const isAsRead = comparisons.map((now, i) => ({ $eq: [now, own(changes.map(({ asRead }) => asRead[i]))] }));
  const update: object = [{ $set: { [IS_AS_READ]: { $and: isAsRead } } }, { $set: values }, { $unset: IS_AS_READ }];
  const filter: object = { _id: { $in: ids } };
  // The driver's types know no update that is a pipeline.
  return { updateMany: { filter, update } };
}

/** @returns makes of the documents' values, in the order of the ids, an expression that gives a document its own */
function ownValue(ids: readonly string[]): (values: readonly unknown[]) => object {
  const place = { $indexOfArray: [literal(ids), '$_id'] };
  return (values) => {
    const isCommon = values.every((value) => sameValue(value, values[0]));
    return isCommon ? literal(values[0]) : { $arrayElemAt: [literal(values), place] };
  };
}

/** A text may begin with a `$`. */
function literal(value: unknown): object {
  return { $literal: value };
}

/** Whether two values are the same to whoever reads them. */
export function sameValue(a: unknown, b: unknown): boolean {
  return alike(a, b) || (a != null && b != null && JSON.stringify(a) === JSON.stringify(b));
}
