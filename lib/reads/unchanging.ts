/** Where a value that is never changed again has its bytes, once somebody has written it. Neither copied nor written with it. */
const BYTES = Symbol('bytes');

interface Unchanging {
  readonly [BYTES]: { bytes: Buffer | undefined };
}

/** Promises that a value and all in it stay as they are: its text on the wire is written once. @returns it, frozen */
export function unchanging<T extends object>(value: T): T {
  Object.defineProperty(value, BYTES, { value: { bytes: undefined } });
  return Object.freeze(value);
}

export function isUnchanging(value: unknown): value is object {
  return typeof value === 'object' && value !== null && BYTES in value;
}

/** In UTF-8. @param write what writes its text, always in the same way; not asked again for the same value */
export function bytesOf(value: object, write: (value: object) => string): Buffer {
  const kept = (value as Unchanging)[BYTES];
  kept.bytes ??= Buffer.from(write(value));
  return kept.bytes;
}
