import type { ServiceBroker } from 'moleculer';
import { printable, span } from '../../lib/repl/text';
import { whoCommand } from '../../lib/repl/who';

test.each([
  [0, '0 s'],
  [90_000, '90 s'],
  [120_000, '2 min'],
  [7_199_000, '120 min'],
  [7_200_000, '2 h'],
  [50 * 3_600_000, '2 d'],
])('%i ms are %s', (ms, text) => {
  expect(span(ms)).toBe(text);
});

test('the id that a list goes on with does not steer a terminal', async () => {
  const written = jest.spyOn(process.stdout, 'write').mockReturnValue(true);
  const page = { users: [{ uid: 'ann', status: 'online', username: 'ann' }], next: 'a\u001b[2Jb' };
  const broker = { call: () => Promise.resolve(page) } as unknown as ServiceBroker;
  await whoCommand(broker, undefined, (rows) => rows.join());
  const text = written.mock.calls.join('');
  written.mockRestore();
  expect(text).toContain('--after a·[2Jb');
});

test('what users wrote does not steer a terminal', () => {
  expect(printable('in a\u001b[2Jmeeting\n☕')).toBe('in a·[2Jmeeting·☕');
});
