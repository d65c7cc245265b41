import { Writable } from 'node:stream';
import { Errors, ServiceBroker, type Service } from 'moleculer';
import { pinoOptions } from '../../lib/logging';
import { PresenceError } from '../../lib/wire/errors';
import { eventually } from '../helpers/eventually';

/** Lines of JSON that a broker with the options of the real one has written. */
function brokerThatLogs(isTerminal = false) {
  const lines: Record<string, unknown>[] = [];
  const destination = new Writable({
    write(chunk: Buffer, _encoding, done) {
      for (const line of String(chunk).split('\n').filter(Boolean))
        lines.push(JSON.parse(line) as Record<string, unknown>);
      done();
    },
  });
  const pino = { options: pinoOptions(isTerminal), destination };
  const broker = new ServiceBroker({ nodeID: 'node-1', logger: { type: 'Pino', options: { pino } }, logLevel: 'info' });
  lines.length = 0; // what it says of itself when it is made
  return { broker, lines };
}

describe('a log line', () => {
  const failure = () =>
    Object.assign(new PresenceError('STORE_UNAVAILABLE', 'the database did not answer'), {
      cause: new TypeError('no route'),
    });

  test('holds the error that follows its text, with type, message, stack and cause', () => {
    const { broker, lines } = brokerThatLogs();
    broker.logger.warn('looking at the clock failed, it will run again', failure());
    expect(lines).toEqual([
      expect.objectContaining({
        msg: 'looking at the clock failed, it will run again',
        err: {
          type: 'STORE_UNAVAILABLE',
          code: expect.anything() as unknown,
          message: 'the database did not answer',
          stack: expect.stringContaining('logging.test') as string,
          cause: expect.objectContaining({ type: 'TypeError', message: 'no route' }) as unknown,
        },
      }),
    ]);
  });

  test('holds an error that stands alone, and what else is given with a text', () => {
    const { broker, lines } = brokerThatLogs();
    broker.logger.error(new Error('alone'));
    broker.logger.error('Unable to start.', 'because', { of: 'this' }, new Error('reason'));
    broker.logger.info('50% of %s', 'ann');
    expect(lines.map(({ msg }) => msg)).toEqual(['alone', "Unable to start. because { of: 'this' }", '50% of ann']);
    expect(lines.map(({ err }) => (err as { message?: string } | undefined)?.message)).toEqual([
      'alone',
      'reason',
      undefined,
    ]);
  });

  test('of Moleculer itself holds the reason, and nothing of what was called', async () => {
    const { broker, lines } = brokerThatLogs();
    broker.createService({
      name: 'failing',
      events: {
        'some.event': {
          context: true,
          handler(this: Service, _ctx: unknown) {
            throw new Errors.MoleculerError('event failed', 500, 'FAILED', { secret: 'token-1' });
          },
        },
      },
    });
    await broker.start();
    await broker.broadcastLocal('some.event', { secret: 'token-2' });
    await eventually(() =>
      expect(lines.some(({ err }) => (err as { message?: string } | undefined)?.message === 'event failed')).toBe(true),
    );
    await broker.stop();
    expect(JSON.stringify(lines)).not.toContain('token-');
  });

  test.each([
    [false, 0],
    [true, 1],
  ])('tells what services wait for on a terminal alone (%s)', async (isTerminal, times) => {
    const { broker, lines } = brokerThatLogs(isTerminal);
    broker.createService({ name: 'late', dependencies: ['early'] });
    broker.createService({ name: 'early' });
    await broker.start();
    await broker.stop();
    expect(lines.filter(({ msg }) => String(msg).startsWith('Waiting for service'))).toHaveLength(times);
  });
});
