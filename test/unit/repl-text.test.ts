import { printable, span } from '../../lib/repl/text';

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

test('what users wrote does not steer a terminal', () => {
  expect(printable('in a\u001b[2Jmeeting\n☕')).toBe('in a·[2Jmeeting·☕');
});
