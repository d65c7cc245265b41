import {
  claimFor,
  connectionThere,
  NO_WORD,
  saysTheSame,
  wordAt,
  wordHere,
  wordThere,
  type ShownThere,
  type Word,
} from '../../../domain/mirror';

const END = Date.parse('2030-01-01T12:00:00Z');
const shown = (user: Partial<ShownThere>): ShownThere => ({ _id: 'ann', ...user });
const busy: Word = { status: 'busy', text: 'before', expiresAtMs: END, source: 'manual' };

describe('what Rocket.Chat shows of a user', () => {
  it.each([
    ['online', 'online'],
    ['busy', 'online'],
    ['away', 'away'],
    ['offline', undefined],
    ['disabled', undefined],
    [null, undefined],
    [undefined, undefined],
  ])('%s is a connection that is %s', (status, connection) => {
    expect(connectionThere(shown({ status }))).toBe(connection);
  });

  it.each<[string, Partial<ShownThere>, Word]>([
    ['online says nothing', { status: 'online' }, NO_WORD],
    ['a text is somebody’s word', { status: 'online', statusText: ' hi ' }, { status: 'online', text: 'hi' }],
    ['busy is a word', { status: 'busy' }, { status: 'busy', text: '' }],
    ['away without a source is a client that became idle', { status: 'away' }, NO_WORD],
    [
      'away by somebody’s word',
      { status: 'away', statusSource: 'manual' },
      { status: 'away', text: '', source: 'manual' },
    ],
    [
      'a word has an end',
      { status: 'busy', statusSource: 'external', statusExpiresAt: '2030-01-01T12:00:00.000Z' },
      { status: 'busy', text: '', source: 'external', expiresAtMs: END },
    ],
    [
      'what cannot be read is as absent',
      { status: 'busy', statusSource: 'x', statusExpiresAt: 'soon' },
      { status: 'busy', text: '' },
    ],
    ['of who is offline the text alone is known', { status: 'offline', statusText: 'new' }, { ...busy, text: 'new' }],
    ['of a status that is none, too', { status: 'disabled' }, { ...busy, text: '' }],
  ])('%s', (_name, user, word) => {
    expect(wordThere(shown(user), busy, false)).toEqual(word);
  });

  it('away without a source, of a Rocket.Chat that tells none, is what it was', () => {
    const away: Word = { status: 'away', text: '' };
    expect(wordThere(shown({ status: 'away' }), away, true)).toEqual(away);
    expect(wordThere(shown({ status: 'away' }), NO_WORD, true)).toEqual(NO_WORD);
    expect(wordThere(shown({ status: 'online' }), away, true)).toEqual(NO_WORD);
  });

  it('a text is as long as one may be here', () => {
    expect(wordThere(shown({ status: 'online', statusText: 'x'.repeat(500) }), NO_WORD, false).text).toHaveLength(120);
  });
});

describe('two words', () => {
  it.each<[string, Word, Word, boolean, boolean]>([
    ['the same status and text', busy, { ...busy, source: 'external' }, true, true],
    ['another text', busy, { ...busy, text: '' }, true, false],
    ['another status', busy, { ...busy, status: 'away' }, true, false],
    ['another end', busy, { ...busy, expiresAtMs: END + 1 }, true, false],
    ['no end', busy, { ...busy, expiresAtMs: undefined }, true, false],
    ['an end that Rocket.Chat knows nothing of', busy, { ...busy, expiresAtMs: undefined }, false, true],
  ])('of %s', (_name, a, b, ends, same) => {
    expect(saysTheSame(a, b, ends)).toBe(same);
    expect(saysTheSame(b, a, ends)).toBe(same);
  });

  it('a word holds until its end', () => {
    expect(wordAt(busy, END - 1)).toBe(busy);
    expect(wordAt(busy, END)).toEqual(NO_WORD);
  });

  it('what was said here is read from the record, and back to a claim', () => {
    const record = {
      ...({ _id: 'ann', presenceRev: 3, statusDefault: 'busy', statusText: 'before' } as const),
      ...({ statusSource: 'manual', statusExpiresAt: new Date(END) } as const),
    };
    expect(wordHere(record, 0)).toEqual(busy);
    expect(wordHere(record, END)).toEqual(NO_WORD);
    expect(wordHere({ _id: 'bob', presenceRev: 0 }, 0)).toEqual(NO_WORD);
    expect(claimFor(busy)).toEqual({
      ...{ statusDefault: 'busy', statusText: 'before', statusSource: 'manual' },
      statusExpiresAt: new Date(END),
    });
    expect(claimFor({ status: 'online', text: 'hi' })).toEqual({
      statusDefault: 'online',
      statusText: 'hi',
      statusSource: 'manual',
    });
    expect(claimFor({ ...NO_WORD, source: 'manual' })).toBeUndefined();
  });
});
