import { reader } from '../../lib/wire/contract';

const read = reader<{ url: string; names?: string[] }>(['url', 'names'], {
  url: { type: 'string', min: 1 },
  names: { type: 'array', items: 'string', optional: true },
});

describe('arguments that no text can be made of', () => {
  it.each([
    ['url[0].toString', { url: [{ toString: 'text' }] }],
    ['url.valueOf', { url: { valueOf: 1 } }],
    ['names[1].toString', { url: 'x', names: ['a', { toString: [] }] }],
    ['params.toString', { url: 'x', toString: 'text' }],
  ])('are refused by the name of the member: %s', (field, given) => {
    expect(() => read(given)).toThrow(
      expect.objectContaining({
        type: 'INVALID_ARGUMENT',
        data: expect.objectContaining({ field }) as object,
      }) as Error,
    );
  });
});
