import { ClientQuotas, type ClientQuota } from '../../../lib/socket/client-quotas';
import { MAX_OF_ADDRESS, MAX_UNAUTHENTICATED, Unauthenticated } from '../../../lib/socket/unauthenticated';

const acquired = (quota: ClientQuota | string): ClientQuota => {
  if (typeof quota === 'string') throw new Error(quota);
  return quota;
};

describe('what callers have', () => {
  test('connections of the node and of each caller are counted until they are released', () => {
    const quotas = new ClientQuotas({ maxClients: 3, maxOfCaller: 2, maxIdsOfCaller: 0 });
    const [first] = [acquired(quotas.acquire('a')), acquired(quotas.acquire('a'))];
    expect(quotas.acquire('a')).toBe('callerFull');
    acquired(quotas.acquire('b'));
    expect([quotas.acquire('c'), quotas.size]).toEqual(['full', 3]);
    first.release();
    first.release();
    expect(quotas.size).toBe(2);
    acquired(quotas.acquire('a'));
    expect(quotas.acquire('a')).toBe('full');
  });

  test('ids are those of all subscriptions of a caller; what is refused changes nothing', () => {
    const quotas = new ClientQuotas({ maxClients: 10, maxOfCaller: 0, maxIdsOfCaller: 10 });
    const [one, two, other] = ['a', 'a', 'b'].map((key) => acquired(quotas.acquire(key)));
    expect([one!.holdIds(6), two!.holdIds(5), two!.holdIds(4), one!.holdIds(7), one!.holdIds(5)]).toEqual([
      true,
      false,
      true,
      false,
      true,
    ]);
    expect(other!.holdIds(10)).toBe(true);
    one!.release();
    expect([two!.holdIds(11), two!.holdIds(10), two!.holdIds(0)]).toEqual([false, true, true]);
  });

  test('0 limits neither', () => {
    const quotas = new ClientQuotas({ maxClients: 1e6, maxOfCaller: 0, maxIdsOfCaller: 0 });
    for (let i = 0; i < 5_000; i++) expect(acquired(quotas.acquire('a')).holdIds(10_000)).toBe(true);
  });
});

describe('connections that have not said who they are', () => {
  test('the oldest of an address goes where there are too many of it', () => {
    const waiting = new Unauthenticated<number>();
    for (let i = 0; i < MAX_OF_ADDRESS; i++) expect(waiting.add(i, 'a')).toBeUndefined();
    expect(waiting.add(1_000, 'b')).toBeUndefined();
    expect([waiting.add(1_001, 'a'), waiting.add(1_002, 'a')]).toEqual([0, 1]);
    waiting.delete(2);
    expect(waiting.add(1_003, 'a')).toBeUndefined();
    expect(waiting.size).toBe(MAX_OF_ADDRESS + 1);
  });

  test('the oldest of all goes where there are too many', () => {
    const waiting = new Unauthenticated<number>();
    for (let i = 0; i < MAX_UNAUTHENTICATED; i++) expect(waiting.add(i, `a${i}`)).toBeUndefined();
    expect(waiting.add(1_000, 'b')).toBe(0);
    expect(waiting.size).toBe(MAX_UNAUTHENTICATED);
    for (let i = 0; i <= 1_000; i++) waiting.delete(i);
    expect(waiting.size).toBe(0);
  });
});
