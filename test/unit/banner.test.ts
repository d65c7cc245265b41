import { banner, bannerLine } from '../../lib/config/banner';
import { readConfig } from '../../lib/config/env';

describe('what is told at the end of a start', () => {
  test.each([
    ['nats://user:s3cret@a:4222', 'nats://a:4222'],
    ['nats://s3cret@a,tls://s3cret@[::1]:5', 'nats://a:4222, nats://[::1]:5'],
    ['redis://:s3cret@a:6379/1', 'redis://a:6379'],
    ['amqp://u:s3cret@a', 'amqp://a'],
    ['TCP', 'TCP'],
  ])('has no credentials of TRANSPORTER: %s', (TRANSPORTER, shown) => {
    const config = readConfig({ TRANSPORTER });
    for (const text of [banner(config, 'n'), bannerLine(config, 'n')]) {
      expect(text).toContain(shown);
      expect(text).not.toContain('s3cret');
    }
  });

  test('what would take the port of the node that runs comes after it is stopped', () => {
    const lines = banner(readConfig({}), 'n').split('\n');
    const [stop, ...starts] = [/stop it/, /npm start/].flatMap((what) =>
      lines.flatMap((line, i) => (what.test(line) ? [i] : [])),
    );
    expect(starts).toHaveLength(2);
    expect(Math.min(...starts)).toBeGreaterThan(stop!);
  });

  test.each(['mongodb://u:s3cret@a:1/db', 'mongodb://u:x@s3cret@a:1/db', 'mongodb+srv://u:s3cret@a/db?x=s3cret'])(
    'has no credentials of MONGO_URL: %s',
    (MONGO_URL) => {
      const line = bannerLine(readConfig({ MONGO_URL }), 'n');
      expect(line).toMatch(/MongoDB, a(:1)?\/db$/);
      expect(line).not.toContain('s3cret');
    },
  );
});
