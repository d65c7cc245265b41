import { KeptCalls } from '../../lib/replicas/kept-calls';
import { PresenceError, type ErrorCode } from '../../lib/wire/errors';

jest.mock(
  'node:timers/promises',
  () => jest.requireActual<{ promisedTimers: object }>('../helpers/promised-timers').promisedTimers,
);

const SECOND = 1_000;

describe('calls that are rejected as the last resort', () => {
  let stopping: boolean;
  let calls: KeptCalls;
  let attempts: number;
  const failing =
    (code: ErrorCode, times = Infinity) =>
    async (): Promise<string> => {
      attempts += 1;
      if (attempts > times) return 'done';
      throw new PresenceError(code, 'not now');
    };
  const alone = () => undefined;
  const outcomeOf = (promise: Promise<unknown>) =>
    promise.then(
      (value) => ({ value, afterMs: performance.now() }),
      (error: { type: string }) => ({ type: error.type, afterMs: performance.now() }),
    );
  const after = async <T>(ms: number, outcome: Promise<T>): Promise<T> => {
    await jest.advanceTimersByTimeAsync(ms);
    return outcome;
  };

  beforeEach(() => {
    jest.useFakeTimers({ now: 0 });
    [stopping, attempts] = [false, 0];
    calls = new KeptCalls({ isStopping: () => stopping, timeoutMs: 60 * SECOND });
  });
  afterEach(() => jest.useRealTimers());

  it.each<ErrorCode>(['BUSY', 'STORE_UNAVAILABLE', 'CONFLICT', 'KEEPER_UNAVAILABLE'])(
    'are made again after %s, for as long as the caller waits, less a tenth or a second',
    async (code) => {
      for (const [timeoutMs, latestMs] of [
        [10 * SECOND, 9 * SECOND],
        [2 * SECOND, 1.8 * SECOND],
        [undefined, 59 * SECOND],
      ] as const) {
        const beganAt = performance.now();
        const outcome = outcomeOf(calls.run({ timeoutMs, attempt: failing(code), passOn: alone }));
        const { afterMs, ...rest } = await after(60 * SECOND, outcome);
        expect(rest).toEqual({ type: code });
        expect(afterMs - beganAt).toBeLessThanOrEqual(latestMs);
        expect(afterMs - beganAt).toBeGreaterThan(latestMs - 1.1 * SECOND);
      }
    },
  );

  it('succeed once what was wrong has passed', async () => {
    const outcome = outcomeOf(calls.run({ timeoutMs: SECOND, attempt: failing('BUSY', 3), passOn: alone }));
    expect(await after(SECOND, outcome)).toMatchObject({ value: 'done' });
    expect(attempts).toBe(4);
  });

  it('fail at once where nothing would change', async () => {
    const outcome = outcomeOf(calls.run({ timeoutMs: SECOND, attempt: failing('NOT_OWNER'), passOn: alone }));
    expect(await after(0, outcome)).toMatchObject({ type: 'NOT_OWNER' });
    expect(attempts).toBe(1);
  });

  it('are carried out here or by another replica when this one stops, and are waited for', async () => {
    stopping = true;
    const here = outcomeOf(calls.run({ timeoutMs: SECOND, attempt: async () => 'here', passOn: async () => 'there' }));
    const there = calls.run({ timeoutMs: SECOND, attempt: failing('STOPPING'), passOn: async () => 'there' });
    const ended = calls.ended().then(() => 'ended');
    expect(await after(SECOND, Promise.all([here, there, ended]))).toMatchObject([{ value: 'here' }, 'there', 'ended']);
  });

  it('are rejected when this replica stops and is the last one', async () => {
    stopping = true;
    const outcome = outcomeOf(calls.run({ timeoutMs: 60 * SECOND, attempt: failing('STOPPING'), passOn: alone }));
    expect(await after(SECOND, outcome)).toMatchObject({ type: 'STOPPING' });
  });
});
