import type http from 'node:http';
import { addressOf } from '../../../lib/http/address';

const PEER = '198.51.100.9';

const from = (forwarded: string | string[] | undefined, proxies = 1, remoteAddress: string | undefined = PEER) =>
  addressOf(request({ 'x-forwarded-for': forwarded }, { remoteAddress }), proxies);

/** What is looked at of a request. */
const request = (headers: object, socket: object) => ({ headers, socket }) as http.IncomingMessage;

describe('one client has one key, however its address is written', () => {
  test.each([
    [
      '192.0.2.1',
      ['192.0.2.1', ' 192.0.2.1 ', '192.0.2.1:5678', '"192.0.2.1:1"', '::ffff:192.0.2.1', '::FFFF:c000:201'],
    ],
    ['192.0.2.1', ['0:0:0:0:0:ffff:192.0.2.1', '[::ffff:192.0.2.1]:443', '64:ff9b::192.0.2.1', '64:ff9b::c000:201']],
    [
      '2001:db8::/64',
      ['2001:db8::1:b:c:d', '2001:db8::1', '2001:0DB8:0:0:ffff::', '[2001:db8::1]:443', '[2001:db8::2]'],
    ],
    ['2001:db8:1:2::/64', ['2001:db8:1:2:3::1', '2001:db8:1:2::', '"[2001:db8:1:2:a:b:c:d]:1"', '2001:db8:1:2::%eth0']],
    ['::/64', ['::1', '[::1]:443', '0:0::1']],
    ['fe80::/64', ['fe80::1', 'fe80::2%eth0', 'fe80::2%1']],
  ])('%s', (key, spellings) => {
    for (const spelling of spellings) {
      expect([spelling, from(spelling)]).toEqual([spelling, key]);
      expect(from(`203.0.113.7, ${spelling}`)).toBe(key);
    }
  });
});

describe('different clients have different keys', () => {
  test.each([
    ['192.0.2.1', '192.0.2.2'],
    ['64:ff9b::192.0.2.1', '64:ff9b::192.0.2.2'],
    ['::ffff:192.0.2.1', '::ffff:192.0.2.2'],
    ['2001:db8:0:1::1', '2001:db8:0:2::1'],
    ['2001:db8::1:b:c:d', '2001:db8:0:1:b:c:d:e'],
  ])('%s and %s', (one, other) => expect(from(one)).not.toBe(from(other)));
});

test.each([
  'unknown',
  '_hidden',
  '',
  ' ',
  '-',
  'evil.example',
  '1',
  '1.2.3',
  '010.1.1.1',
  '0x7f.0.0.1',
  '1.2.3.4.5',
  '999.1.1.1',
  '[::1',
  ':::1',
  '[x]:1',
  '__proto__',
  'a'.repeat(10_000),
])('what is no address (%p) counts as the proxy that told it', (garbage) => {
  expect(from(garbage)).toBe(PEER);
  expect(from(`192.0.2.1, ${garbage}`)).toBe(PEER);
});

test('only as many entries are believed as there are proxies', () => {
  expect(from('1.1.1.1, 192.0.2.1, 10.0.0.1', 2)).toBe('192.0.2.1');
  expect(from(['1.1.1.1', '192.0.2.1, 10.0.0.1'], 2)).toBe('192.0.2.1');
  expect(from('10.0.0.1', 2)).toBe(PEER);
  expect(from('192.0.2.1', 0)).toBe(PEER);
  expect(from(undefined, 0, '::ffff:192.0.2.1')).toBe('192.0.2.1');
  expect(addressOf(request({}, {}), 1)).toBe('unknown');
});
