import { readCommandLine } from '../../lib/config/command-line';

describe('the command line', () => {
  it('has one argument', () => {
    expect(readCommandLine([])).toEqual({ repl: false });
    expect(readCommandLine(['--repl'])).toEqual({ repl: true });
  });

  it.each([['--rpl'], ['repl'], ['--repl=1'], ['-h'], ['--help'], ['--PORT=3006']])(
    'refuses what it does not know in one line: %s',
    (word) => {
      expect(() => readCommandLine(['--repl', word])).toThrow(
        `${word} is no argument of the node: there is --repl; all else is set by variables (docs/CONFIGURATION.md)`,
      );
    },
  );

  it('stays one line, whatever was given', () => {
    const thrown = () => readCommandLine([`--a\n${'x'.repeat(10_000)}`]);
    expect(thrown).toThrow(/^--a\?x{36} is no argument[^\n]*$/);
  });
});
