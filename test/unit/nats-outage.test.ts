import { NatsOutage } from '../../lib/wire/nats-outage';

const refused = Object.assign(new Error('CONNECTION_REFUSED'), { chainedError: new Error('connect ECONNREFUSED a:1') });
const violation = Object.assign(new Error("'Authorization Violation'"), { code: 'AUTHORIZATION_VIOLATION' });

function fixture() {
  const time = { nowMs: 0 };
  const lines: string[] = [];
  const say = (line: string) => lines.push(line);
  const outage = new NatsOutage(['a:1', 'b:2'], { error: say, warn: say }, () => time.nowMs);
  const failsFor = (seconds: number, thrown: unknown) => {
    for (const until = time.nowMs + seconds * 1000; time.nowMs < until; time.nowMs += 500) outage.failed(thrown);
  };
  return { time, lines, outage, failsFor };
}

describe('NatsOutage', () => {
  test('says address and reason at once, and the same once a minute', () => {
    const { lines, failsFor } = fixture();
    failsFor(150, refused);
    expect(lines).toHaveLength(3);
    expect(lines[0]).toContain('NATS unavailable at a:1, b:2: connect ECONNREFUSED a:1');
    expect(new Set(lines).size).toBe(1);
  });

  test('says another reason after five seconds, and that it is over', () => {
    const { lines, failsFor, outage } = fixture();
    failsFor(1, refused);
    failsFor(9, violation);
    outage.ended();
    outage.ended();
    expect(lines).toHaveLength(3);
    expect(lines[1]).toContain('Authorization Violation (see user, password or token in TRANSPORTER)');
    expect(lines[2]).toBe('NATS connected after 10.0 s');
  });

  test.each([
    [new AggregateError([new Error('connect ECONNREFUSED ::1:4222')], ''), 'connect ECONNREFUSED ::1:4222'],
    [Object.assign(new Error(''), { code: 'TIMEOUT' }), 'TIMEOUT'],
    ['odd', 'odd'],
    [undefined, 'undefined'],
  ])('finds a reason in %p', (thrown, reason) => {
    const { lines, outage } = fixture();
    outage.failed(thrown);
    expect(lines[0]).toContain(`: ${reason}: `);
  });
});
