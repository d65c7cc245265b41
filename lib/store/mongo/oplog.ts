import { setTimeout as delay } from 'node:timers/promises';
import { MongoClient, type Collection } from 'mongodb';
import { asError } from '../../wire/errors';
import { MARKERS_COLLECTION, USERS_COLLECTION, type ChangeHandlers, type ChangeSource } from './change-source';
import { withoutUrls } from './with-retry';

/** How soon after a write it is looked for. */
const LOOK_EVERY_MS = 100;
/** Entries taken at a time; where there are more the next look comes at once. */
const ENTRIES = 1_000;
const ANSWERS_WITHIN_MS = 5_000;

/** A time in the oplog, as the driver reads it; only handed back. */
type Moment = object;

/** What is read of an entry. An update names its document in `o2`, an insert and a delete in `o`. */
interface Operation {
  readonly op: string;
  readonly ns: string;
  readonly o?: { readonly _id?: unknown; readonly applyOps?: readonly Operation[] };
  readonly o2?: { readonly _id?: unknown };
}

/** Of a server's answer; a single one that is no member of a replica set has no last write to tell of. */
interface Hello {
  readonly lastWrite?: { readonly opTime: { readonly ts: Moment } };
}

interface Entry extends Operation {
  readonly ts: Moment;
}

/**
 * The oplog of a replica set, for databases whose change streams one may not read: what Meteor takes as MONGO_OPLOG_URL. Looked
 * at again and again from the last entry seen on, in the order it was written; a transaction's writes stand in one entry.
 *
 * @param url with credentials that may read the database `local`: shown nowhere
 * @param databaseName whose users
 */
export function oplogOf(url: string, databaseName: () => string): ChangeSource {
  return {
    async open(handlers) {
      const client = new MongoClient(url, {
        serverSelectionTimeoutMS: ANSWERS_WITHIN_MS,
        socketTimeoutMS: ANSWERS_WITHIN_MS,
      });
      const closing = new AbortController();
      try {
        await client.connect();
        const oplog = client.db('local').collection<Entry>('oplog.rs');
        const { lastWrite } = (await client.db('admin').command({ hello: 1 })) as Hello;
        if (!lastWrite) throw new Error('there is no oplog: the database is no replica set');
        await oplog.findOne({ ts: { $gt: lastWrite.opTime.ts } });
        const following = follow(oplog, lastWrite.opTime.ts, databaseName(), handlers, closing.signal)
          .catch(() => undefined)
          .then(() => handlers.ended());
        return async () => {
          closing.abort();
          await following;
          await client.close();
        };
      } catch (thrown) {
        await client.close();
        throw thrown;
      }
    },
  };
}

/** Whether the oplog can be read, for the start of a node. @throws Error one plain line without the URL */
export async function probeOplog(url: string): Promise<void> {
  const deaf: ChangeHandlers = { changed: () => undefined, marked: () => undefined, ended: () => undefined };
  const fault = await oplogOf(url, () => '')
    .open(deaf)
    .then((close) => close())
    .catch((thrown: unknown) => withoutUrls(asError(thrown).message));
  if (fault !== undefined) throw new Error(`MONGO_OPLOG_URL: the oplog cannot be read: ${fault}`);
}

async function follow(
  oplog: Collection<Entry>,
  from: Moment,
  database: string,
  handlers: ChangeHandlers,
  signal: AbortSignal,
): Promise<void> {
  const namespaces = [USERS_COLLECTION, MARKERS_COLLECTION].map((name) => `${database}.${name}`);
  const whose = { $or: [{ ns: { $in: namespaces } }, { 'o.applyOps.ns': { $in: namespaces } }] };
  let last = from;
  while (!signal.aborted) {
    const entries = await oplog
      .find({ ts: { $gt: last }, ...whose })
      .sort({ $natural: 1 })
      .limit(ENTRIES)
      .toArray();
    if (signal.aborted) return;
    for (const entry of entries) {
      for (const operation of operationsOf(entry)) tell(operation, namespaces, handlers);
      last = entry.ts;
    }
    if (entries.length < ENTRIES) await delay(LOOK_EVERY_MS, undefined, { signal });
  }
}

function operationsOf(entry: Operation): readonly Operation[] {
  const { applyOps } = entry.o ?? {};
  return entry.op === 'c' && applyOps ? applyOps : [entry];
}

function tell({ op, ns, o, o2 }: Operation, [users, markers]: string[], handlers: ChangeHandlers): void {
  if (!['i', 'u', 'd'].includes(op)) return;
  const id = String((o2 ?? o)?._id);
  if (ns === users) handlers.changed(id, op === 'u' ? namesIn(o, new Set()) : undefined);
  else if (ns === markers) handlers.marked(id, markIn(o) ?? 0);
}

/** Every name in what an update is written as, which is another from version to version (`$set`, `diff.u`, `diff.sstatus`). */
function namesIn(value: unknown, names: Set<string>): ReadonlySet<string> {
  if (typeof value !== 'object' || value === null) return names;
  // Removed ones may stand in a list.
  if (Array.isArray(value)) for (const one of value) if (typeof one === 'string') names.add(one);
  for (const [name, member] of Object.entries(value)) {
    // `a.b` sets a part of `a`; a part that is a document of its own is written with an `s` before its name.
    const first = name.split('.', 1)[0]!;
    names.add(first).add(first.replace(/^s/, ''));
    namesIn(member, names);
  }
  return names;
}

/** An update is written in one way or another from version to version; the mark stands somewhere in it. */
function markIn(value: unknown): number | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  for (const [key, member] of Object.entries(value)) {
    const mark = key === 'mark' && typeof member === 'number' ? member : markIn(member);
    if (mark !== undefined) return mark;
  }
  return undefined;
}
