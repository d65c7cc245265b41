import { asError, PresenceError } from '../wire/errors';

/** Why one item of a batch was not carried out; the codes are those of calls. */
export interface ItemFault {
  readonly code: string;
  readonly message: string;
}

/** Longest id given back of an item that could not be read. */
const MAX_ID_SHOWN = 256;

/** Carries out each item of a batch by itself: one bad item spoils no other. One result an item, in order. */
export function eachItem<Result, Failure>(
  items: readonly unknown[],
  run: (item: unknown) => Promise<Result>,
  failed: (item: unknown, error: ItemFault) => Failure,
): Promise<(Result | Failure)[]> {
  return Promise.all(
    items.map(async (item) => {
      try {
        return await run(item);
      } catch (thrown) {
        return failed(item, { code: codeOf(thrown), message: asError(thrown).message });
      }
    }),
  );
}

/** The id under a key of an item, whatever the item is. */
export function idIn(item: unknown, key: string): string | undefined {
  if (typeof item !== 'object' || item === null || !Object.hasOwn(item, key)) return undefined;
  const id = (item as Record<string, unknown>)[key];
  return typeof id === 'string' && id.length <= MAX_ID_SHOWN ? id : undefined;
}

/** Core's own errors have their code in `type` too. */
function codeOf(thrown: unknown): string {
  if (thrown instanceof PresenceError) return thrown.type;
  const { type } = thrown as { type?: unknown };
  return typeof type === 'string' ? type : 'INTERNAL';
}
