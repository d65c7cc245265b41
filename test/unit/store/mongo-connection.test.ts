import { MongoConnection } from '../../../lib/store/mongo/connection';

const SECRET_URL = 'mongodb://user:secret@mongo:27017/rocketchat';
const mongoError = (name: string, code?: number) =>
  Object.assign(new Error(`${name} at ${SECRET_URL}`), { name, code });

describe('an operation on a database that is away', () => {
  const connection = (patienceMs: number) => new MongoConnection({ url: SECRET_URL, patienceMs });

  it.each([
    ['a lost connection', mongoError('MongoNetworkError')],
    ['no server to be found', mongoError('MongoServerSelectionError')],
    ['a primary that stepped down', mongoError('MongoError', 10107)],
    ['a primary that is stepping down', mongoError('MongoError', 189)],
    ['a server that is shutting down', mongoError('MongoError', 91)],
    ['a write interrupted by a change of primary', mongoError('MongoError', 11602)],
  ])('is tried again after %s', async (_what, error) => {
    const operation = jest.fn().mockRejectedValueOnce(error).mockRejectedValueOnce(error).mockResolvedValue('done');
    await expect(connection(10_000).patiently(operation)).resolves.toBe('done');
    expect(operation).toHaveBeenCalledTimes(3);
  });

  it('fails with a typed, retryable error when patience ends, and without the URL', async () => {
    const operation = () => Promise.reject(mongoError('MongoNetworkError'));
    const failure = connection(100).patiently(operation);
    await expect(failure).rejects.toMatchObject({ type: 'STORE_UNAVAILABLE', retryable: true });
    await expect(failure).rejects.not.toThrow(/secret/);
  });

  it('is not tried again when the database refuses it', async () => {
    const operation = jest.fn().mockRejectedValue(mongoError('MongoError', 13));
    await expect(connection(10_000).patiently(operation)).rejects.toMatchObject({ type: 'STORE_UNAVAILABLE' });
    expect(operation).toHaveBeenCalledTimes(1);
  });
});
