import type { MongoConnection } from '../../../lib/store/mongo/connection';
import { MongoCoordination } from '../../../lib/store/mongo/coordination';

const SERVER_MS = 5_000_000;
const ROUND_TRIP_MS = 300;

/** The server's clock shows SERVER_MS when it answers, and the answer is there ROUND_TRIP_MS after the question. */
function coordinationOn(findOneAndUpdate: jest.Mock): MongoCoordination {
  let elapsedMs = 0;
  jest.spyOn(performance, 'now').mockImplementation(() => elapsedMs);
  const connection: Pick<MongoConnection, 'patiently' | 'command'> = {
    patiently: (operation) => operation(),
    command: async () => {
      elapsedMs += ROUND_TRIP_MS;
      return { localTime: new Date(SERVER_MS) };
    },
  };
  return new MongoCoordination({
    ...connection,
    collection: () => ({ findOneAndUpdate }),
  } as unknown as MongoConnection);
}

describe('coordination through a database', () => {
  afterEach(() => jest.restoreAllMocks());

  it('goes by the time of the server, taken to be from the middle of the round trip', async () => {
    expect(await coordinationOn(jest.fn()).timeMs()).toBe(SERVER_MS + ROUND_TRIP_MS / 2);
  });

  it('takes a lease by the time that was for certain: nobody loses one early to a slow answer', async () => {
    const update = jest.fn().mockResolvedValue({});
    await expect(coordinationOn(update).lead('job', 'me', 1000)).resolves.toBe(true);
    expect(update).toHaveBeenCalledWith(
      {
        _id: 'job',
        $or: [{ holder: 'me' }, { until: { $lte: new Date(SERVER_MS) } }, { until: { $not: { $type: 'date' } } }],
      },
      { $set: { holder: 'me', until: new Date(SERVER_MS + 1000) } },
      { upsert: true },
    );
  });

  it('takes no other failure for a lease that somebody else has', async () => {
    const failure = (code: number) => jest.fn().mockRejectedValue(Object.assign(new Error('refused'), { code }));
    await expect(coordinationOn(failure(11_000)).lead('job', 'me', 1000)).resolves.toBe(false);
    await expect(coordinationOn(failure(13)).lead('job', 'me', 1000)).rejects.toThrow('refused');
  });
});
