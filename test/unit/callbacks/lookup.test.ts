import type { LookupAddress } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { NotPublicError, publicLookup } from '../../../lib/callbacks/lookup';

const address = (text: string): LookupAddress => ({ address: text, family: text.includes(':') ? 6 : 4 });
const answering =
  (...found: string[]): LookupFunction =>
  (_name, { all }, callback) =>
    all ? callback(null, found.map(address)) : callback(null, found[0]!, address(found[0]!).family);

/** @returns what is answered, or the error */
const look = (lookup: LookupFunction, all: boolean) =>
  new Promise<unknown>((resolve) => lookup('a.example', { all }, (error, found) => resolve(error ?? found)));

describe('what a name leads to', () => {
  test.each([true, false])('is answered when it is public (all: %p)', async (all) => {
    const lookup = publicLookup(answering('8.8.8.8', '2606:4700::1111'));
    const both = [address('8.8.8.8'), address('2606:4700::1111')];
    expect(await look(lookup, all)).toEqual(all ? both : '8.8.8.8');
  });

  test.each([
    '127.0.0.1',
    '10.1.2.3',
    '198.18.0.1',
    '::1',
    '::ffff:10.0.0.1',
    '::ffff:8.8.8.8',
    'fe80::1%eth0',
    'fd00::1',
  ])('is refused when it is %s, also beside a public one', async (found) => {
    expect(await look(publicLookup(answering(found)), true)).toBeInstanceOf(NotPublicError);
    expect(await look(publicLookup(answering(found)), false)).toBeInstanceOf(NotPublicError);
    expect(await look(publicLookup(answering('8.8.8.8', found)), true)).toBeInstanceOf(NotPublicError);
    expect(await look(publicLookup(answering(found, '8.8.8.8')), true)).toBeInstanceOf(NotPublicError);
  });

  test('is looked at each time: what it was before counts for nothing', async () => {
    const answers = ['8.8.8.8', '127.0.0.1'];
    const lookup = publicLookup((name, options, callback) => answering(answers.shift()!)(name, options, callback));
    expect(await look(lookup, false)).toBe('8.8.8.8');
    expect(await look(lookup, false)).toBeInstanceOf(NotPublicError);
  });

  test('is nothing when it cannot be looked up', async () => {
    const failure = Object.assign(new Error('getaddrinfo ENOTFOUND'), { code: 'ENOTFOUND' });
    expect(
      await look(
        publicLookup((_name, _options, callback) => callback(failure, '')),
        true,
      ),
    ).toBe(failure);
    expect(await look(publicLookup(answering()), true)).toBeInstanceOf(NotPublicError);
  });
});
