import type { MongoConnection } from './connection';
import type { SessionsDocument, UserDocument } from './documents';

const HAS_SESSIONS = { 'connections.0': { $exists: true } };
/** Shown as anything but offline; a missing status is offline until somebody connects. */
const SHOWN = { status: { $in: ['online', 'away', 'busy'] } };

/** Walks users with sessions, then those shown without any, by id: each slice is one or two queries of its size. */
export async function* slicesToVerify(connection: MongoConnection, size: number): AsyncIterable<string[]> {
  const sessions = () => connection.collection<SessionsDocument>('usersSessions');
  const users = () => connection.collection<UserDocument>('users');
  const options = { projection: { _id: 1 }, sort: { _id: 1 as const }, limit: size };

  for (let after = ''; ;) {
    const filter = { ...HAS_SESSIONS, _id: { $gt: after } };
    const uids = (await connection.patiently(() => sessions().find(filter, options).toArray())).map(({ _id }) => _id);
    if (uids.length === 0) break;
    yield uids;
    after = uids.at(-1)!;
  }
  for (let after = ''; ;) {
    const filter = { ...SHOWN, _id: { $gt: after } };
    const uids = (await connection.patiently(() => users().find(filter, options).toArray())).map(({ _id }) => _id);
    if (uids.length === 0) break;
    after = uids.at(-1)!;
    const seen = await connection.patiently(() =>
      sessions()
        .find({ ...HAS_SESSIONS, _id: { $in: uids } }, { projection: { _id: 1 } })
        .toArray(),
    );
    const walked = new Set(seen.map(({ _id }) => _id));
    const rest = uids.filter((uid) => !walked.has(uid));
    if (rest.length > 0) yield rest;
  }
}
