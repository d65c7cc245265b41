import {
  MongoBulkWriteError,
  MongoClientClosedError,
  MongoNetworkError,
  MongoServerError,
  MongoServerSelectionError,
  type TopologyDescription,
  type BulkWriteResult,
  type WriteError,
} from 'mongodb';
import { MongoConnection } from '../../../lib/store/mongo/connection';
import { isAway, onlyDuplicates } from '../../../lib/store/mongo/errors';

const SECRET_URL = 'mongodb://user:secret@mongo:27017/rocketchat';
const MESSAGE = `of ${SECRET_URL}`;
const refusal = (code: number, errorLabels: string[] = []) =>
  new MongoServerError({ message: MESSAGE, code, errorLabels });
const LOST = new MongoNetworkError(MESSAGE);
const NOT_FOUND = new MongoServerSelectionError(MESSAGE, {} as TopologyDescription); // nothing of it is looked at

/** What a bulk write fails with. @param reason none of its statements reached the database */
const bulkError = (reason: MongoNetworkError | MongoServerSelectionError, missed?: object) => {
  const result = { getWriteConcernError: () => missed };
  return new MongoBulkWriteError(reason, result as unknown as BulkWriteResult); // nothing else of it is looked at
};
/** What a bulk write fails with whose parts were refused. */
const partsRefused = (...codes: [number, ...number[]]) => {
  const writeErrors = codes.map((code) => ({ code }) as WriteError); // nothing else of it is looked at
  return new MongoBulkWriteError({ message: MESSAGE, code: codes[0], writeErrors }, bulkError(LOST).result);
};

describe('an operation on a database that is away', () => {
  const connection = (patienceMs: number) => new MongoConnection({ url: SECRET_URL, patienceMs });

  it.each([
    ['a lost connection', LOST],
    ['no server to be found', NOT_FOUND],
    ['a lost connection in a bulk write', bulkError(LOST)],
    ['no server to be found for a bulk write', bulkError(NOT_FOUND)],
    ['a bulk write that missed the majority', bulkError(LOST, { code: 64 })],
    ['a part of a bulk write that was interrupted', partsRefused(11000, 11602)],
    ['what the server says may be written again', refusal(1, ['RetryableWriteError'])],
    ['a change stream that may be resumed', refusal(1, ['ResumableChangeStreamError'])],
    ['a primary that stepped down', refusal(10107)],
    ['a primary that is stepping down', refusal(189)],
    ['a server that is shutting down', refusal(91)],
    ['a write interrupted by a change of primary', refusal(11602)],
  ])('is tried again after %s', async (_what, error) => {
    const operation = jest.fn().mockRejectedValueOnce(error).mockRejectedValueOnce(error).mockResolvedValue('done');
    await expect(connection(10_000).patiently(operation)).resolves.toBe('done');
    expect(operation).toHaveBeenCalledTimes(3);
  });

  it('fails with a typed, retryable error when patience ends, and without the URL', async () => {
    const operation = () => Promise.reject(LOST);
    const failure = connection(100).patiently(operation);
    await expect(failure).rejects.toMatchObject({ type: 'STORE_UNAVAILABLE', retryable: true });
    await expect(failure).rejects.not.toThrow(/secret/);
  });

  it.each([
    ['the database refuses it', refusal(13)],
    ['this process has closed its connection', new MongoClientClosedError()],
  ])('is not tried again when %s', async (_what, error) => {
    const operation = jest.fn().mockRejectedValue(error);
    await expect(connection(10_000).patiently(operation)).rejects.toMatchObject({ type: 'STORE_UNAVAILABLE' });
    expect(operation).toHaveBeenCalledTimes(1);
  });
});

test('a bulk write of which all parts are there already is no database that is away', () => {
  expect([onlyDuplicates(partsRefused(11000, 11000)), isAway(partsRefused(11000, 11000))]).toEqual([true, false]);
  expect([onlyDuplicates(partsRefused(11000, 11602)), onlyDuplicates(LOST), onlyDuplicates(bulkError(LOST))]).toEqual([
    false,
    false,
    false,
  ]);
});
