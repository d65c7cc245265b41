import { MAX_TEXT_LENGTH, normalizeStatusText } from '../../../domain/text';

const EMOJI = '😀'; // two UTF-16 units

describe('status text (contract 8.4, text normalization)', () => {
  test('at most 120 UTF-16 units are kept', () => {
    expect(MAX_TEXT_LENGTH).toBe(120);
  });

  test.each<[string, string, string]>([
    ['a plain text stays', 'in a meeting', 'in a meeting'],
    ['space around the text goes', '  in a meeting \t\r\n', 'in a meeting'],
    ['space of every Unicode kind around the text goes', '\u00a0\u2003back soon\ufeff', 'back soon'],
    ['space inside the text stays', 'in  a\nmeeting', 'in  a\nmeeting'],
    ['an empty text stays empty', '', ''],
    ['a text of spaces only becomes empty', ' \t\n ', ''],
    ['119 units stay', 'x'.repeat(119), 'x'.repeat(119)],
    ['120 units stay', 'x'.repeat(120), 'x'.repeat(120)],
    ['121 units lose the last', `${'x'.repeat(120)}y`, 'x'.repeat(120)],
    ['trimming comes before cutting', `${' '.repeat(10)}${'x'.repeat(120)}y`, 'x'.repeat(120)],
    ['a cut at a space keeps the space', `${'x'.repeat(119)} y`, `${'x'.repeat(119)} `],
    ['units are counted, not characters', EMOJI.repeat(61), EMOJI.repeat(60)],
    ['a cut never falls inside a character', `x${EMOJI.repeat(60)}`, `x${EMOJI.repeat(59)}`],
    ['a cut between two characters keeps both', `xx${EMOJI.repeat(60)}`, `xx${EMOJI.repeat(59)}`],
    ['half a character becomes what a database makes of it', 'a\ud83d b\ude00', 'a\ufffd b\ufffd'],
    ['half a character at the cut, too', `${'x'.repeat(119)}\ud83dx`, `${'x'.repeat(119)}\ufffd`],
  ])('%s', (_name, given, kept) => {
    expect(normalizeStatusText(given)).toBe(kept);
  });

  test('a text that was trimmed and cut stays as it is when normalized again', () => {
    const once = normalizeStatusText(`  ${'word'.repeat(40)}  `);
    expect(normalizeStatusText(once)).toBe(once);
  });

  test('an absent text stays absent, so that the text shown before stays', () => {
    expect(normalizeStatusText(undefined)).toBeUndefined();
  });

  test('a null text, as it arrives over the bus, counts as absent', () => {
    const overTheBus = null as unknown as undefined; // EJSON turns an absent argument into null (contract 1.3)
    expect(normalizeStatusText(overTheBus)).toBeUndefined();
  });
});
