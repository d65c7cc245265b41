import { FailedLogins } from '../../../lib/http/failed-logins';

const AN_END = '; an address is refused after API_AUTH_FAILURES in a minute';

describe('failed logins', () => {
  let lines: string[];
  let failures: FailedLogins;
  beforeEach(() => {
    jest.useFakeTimers();
    lines = [];
    failures = new FailedLogins({ limit: 0, warn: (line) => lines.push(line) });
  });
  afterEach(() => jest.useRealTimers());

  const fail = (times: number, address: string) => {
    for (let i = 0; i < times; i++) failures.count(address);
  };

  it('are logged at the first, then once a minute with where from and how many', async () => {
    fail(62, '192.0.2.1');
    expect(lines).toEqual([`failed logins: 1, from 192.0.2.1 (1)${AN_END}`]);
    fail(3, '2001:db8::/64');
    jest.advanceTimersByTime(60_000);
    expect(lines.slice(1)).toEqual([`failed logins: 64, from 192.0.2.1 (61), 2001:db8::/64 (3)${AN_END}`]);
    jest.advanceTimersByTime(600_000);
    expect(lines).toHaveLength(2);
    fail(1, '192.0.2.1');
    expect(lines).toHaveLength(3);
  });

  it('from many addresses are one line all the same, and take a bounded memory', async () => {
    for (let i = 0; i < 5000; i++) fail(1, `address-${i}`);
    jest.advanceTimersByTime(60_000);
    expect(lines).toHaveLength(2);
    expect(lines[1]).toMatch(/^failed logins: 4999, from others \(3999\), (\S+ \(1\),? ?){4}and 996 more;/);
  });

  it('that were not told yet are told when the node stops, and no timer is left', async () => {
    fail(2, '192.0.2.1');
    failures.stop();
    expect([lines.length, jest.getTimerCount()]).toEqual([2, 0]);
  });
});
