/** Where a value that is never changed again has its text, once somebody has written it. Neither copied nor written with it. */
const TEXT = Symbol('text');

interface Unchanging {
  readonly [TEXT]: { text: string | undefined };
}

/** Promises that a value and all in it stay as they are: its text on the wire is written once. @returns it, frozen */
export function unchanging<T extends object>(value: T): T {
  Object.defineProperty(value, TEXT, { value: { text: undefined } });
  return Object.freeze(value);
}

export function isUnchanging(value: unknown): value is object {
  return typeof value === 'object' && value !== null && TEXT in value;
}

/** @param write what writes it, always in the same way; not asked again for the same value */
export function textOf(value: object, write: (value: object) => string): string {
  const kept = (value as Unchanging)[TEXT];
  kept.text ??= write(value);
  return kept.text;
}
