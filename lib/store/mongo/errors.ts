import {
  MongoBulkWriteError,
  MongoClientClosedError,
  MongoError,
  MongoErrorLabel,
  MongoNetworkError,
  MongoNotConnectedError,
  MongoOperationTimeoutError,
  MongoServerClosedError,
  MongoServerSelectionError,
  MongoTopologyClosedError,
  MongoWriteConcernError,
} from 'mongodb';

const DUPLICATE_KEY = 11_000;

/** Whether a write of one document failed because another holds its key. */
export function isDuplicate(thrown: unknown): boolean {
  return thrown instanceof MongoError && thrown.code === DUPLICATE_KEY;
}

/** Whether all that went wrong in a write is that documents are there already. */
export function onlyDuplicates(thrown: unknown): boolean {
  return codesOf(thrown).every((code) => code === DUPLICATE_KEY);
}

/** The codes of all that went wrong in an operation; of a bulk write each part may have failed for another reason. */
function codesOf(thrown: unknown): readonly unknown[] {
  if (!(thrown instanceof MongoError)) return [undefined];
  const parts = thrown instanceof MongoBulkWriteError ? [thrown.writeErrors].flat() : [];
  return parts.length > 0 ? parts.map(({ code }) => code) : [thrown.code];
}

const AWAY_LABELS = [MongoErrorLabel.RetryableWriteError, MongoErrorLabel.ResumableChangeStreamError];
const AWAY_CLASSES = [
  MongoNetworkError,
  MongoServerSelectionError,
  MongoServerClosedError,
  MongoOperationTimeoutError,
  MongoWriteConcernError,
];
/**
 * Not primary, stepping down, shutting down, interrupted, host unreachable (MongoDB's error codes, as in the drivers' specification of
 * retryable reads). Servers put labels on commands alone that the driver may repeat: not on reads, nor on updates of many documents.
 */
const AWAY_CODES: ReadonlySet<unknown> = new Set([
  6, 7, 89, 91, 134, 189, 262, 9001, 10107, 11600, 11602, 13435, 13436,
]);

/** Whether an operation failed because the database could not be used just then: the same operation may work later. */
export function isAway(thrown: unknown): boolean {
  const error = withoutWrapper(thrown);
  if (!(error instanceof MongoError)) return false;
  if (AWAY_CLASSES.some((one) => error instanceof one) || missedMajority(error)) return true;
  if (AWAY_LABELS.some((label) => error.hasErrorLabel(label))) return true;
  return codesOf(error).some((code) => AWAY_CODES.has(code));
}

/** Whether an operation failed because this process has closed its connection. */
export function isClosed(thrown: unknown): boolean {
  const error = withoutWrapper(thrown);
  return [MongoNotConnectedError, MongoClientClosedError, MongoTopologyClosedError].some((one) => error instanceof one);
}

/** A bulk write that did not reach the database at all fails with an error of its own around the reason. */
function withoutWrapper(thrown: unknown): unknown {
  if (!(thrown instanceof MongoBulkWriteError)) return thrown;
  const reason: unknown = thrown.errorResponse;
  return reason instanceof MongoError ? reason : thrown;
}

/** Whether a bulk write did not become durable on a majority. The driver's own label for why gets lost. */
function missedMajority(error: MongoError): boolean {
  return error instanceof MongoBulkWriteError && error.result.getWriteConcernError() !== undefined;
}
