import { readUser } from './contract';
import { asError, PresenceError } from './errors';
import type { PresenceDesk } from './presence-desk';

export type UpsertResult =
  | { readonly _id: string; readonly ok: true; readonly created: boolean }
  | { readonly _id: string | undefined; readonly ok: false; readonly error: { code: string; message: string } };

/** Tells who users are, each by itself: one bad item spoils no other. One result an item, in order. */
export function batchUpsert(desk: PresenceDesk, items: readonly unknown[]): Promise<UpsertResult[]> {
  return Promise.all(items.map((item) => upsertOne(desk, item)));
}

async function upsertOne(desk: PresenceDesk, item: unknown): Promise<UpsertResult> {
  try {
    const { uid, identity } = readUser(item);
    return { _id: uid, ok: true, created: await desk.identify(uid, identity) };
  } catch (thrown) {
    const { message } = asError(thrown);
    const code = thrown instanceof PresenceError ? thrown.type : 'INTERNAL';
    return { _id: idOf(item), ok: false, error: { code, message } };
  }
}

function idOf(item: unknown): string | undefined {
  const id = typeof item === 'object' && item !== null && '_id' in item ? item._id : undefined;
  return typeof id === 'string' && id.length <= 256 ? id : undefined;
}
