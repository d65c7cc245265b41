export interface CommandLine {
  /** Whether Moleculer's prompt is wanted in the same process. */
  readonly repl: boolean;
}

const REPL = '--repl';
/** Of a word that is told. */
const MOST_SHOWN = 40;

/**
 * Reads what stands behind the program's name. A word that is not known is refused: misspelled it would do nothing.
 *
 * @throws Error that names the first such word
 */
export function readCommandLine(words: readonly string[]): CommandLine {
  const unknown = words.find((word) => word !== REPL);
  if (unknown === undefined) return { repl: words.includes(REPL) };
  const shown = unknown.slice(0, MOST_SHOWN).replace(/[^ -~]/g, '?');
  throw new Error(
    `${shown} is no argument of the node: there is ${REPL}; all else is set by variables (docs/CONFIGURATION.md)`,
  );
}
