import type { Context } from 'moleculer';
import type { AnyBulkWriteOperation, Collection } from 'mongodb';
import type { Session, Status } from '../domain/types';
import { compareAndSet } from '../lib/store/mongo/bulk';
import type { PresenceWrite } from '../lib/store/port';
import type { SessionsDocument, UserDocument } from '../lib/store/mongo/documents';
import { sessionsStatements, slotOf, userStatements, type SessionsWrite } from '../lib/store/mongo/statements';
import { MongoConnection } from '../lib/store/mongo/connection';
import { ensureIndexes } from '../lib/store/mongo/indexes';
import { mongoUrlOf, runNode } from './bench-node';
import { CALLER } from './cluster';

/** What the calls of one step write. */
export interface BulkWork {
  readonly calls: number;
  /** Sessions a user has afterwards. */
  readonly sessions: number;
  /** The status a user has afterwards; absent where the user is not written. */
  readonly status?: Extract<Status, 'online' | 'offline'>;
}

/** What was last written of a user: kept here, so that nothing needs to be read. */
interface Known {
  rev: number | null;
  presenceRev: number;
  sessions: number;
}

const BULK = 256;
/** As long as a batch's name is. */
const BATCH = 'xxxxxx.xx';
const PATIENCE_MS = 30_000;

/**
 * The ceiling of the database: the writes of a step, those of 256 calls in one bulk write, and nothing else: no reads, no decision,
 * no answer to anybody.
 */
class Bulk {
  private readonly known: Known[] = [];

  constructor(
    private readonly sessions: Collection<SessionsDocument>,
    private readonly users: Collection<UserDocument>,
    /** An update by `_id` for each document; else the statements the presence node sends. */
    private readonly isPlain: boolean,
  ) {}

  /** @returns users written per second */
  async run(work: BulkWork): Promise<number> {
    const startedAt = performance.now();
    for (let first = 0; first < work.calls; first += BULK) {
      const count = Math.min(BULK, work.calls - first);
      await this.write(
        Array.from({ length: count }, (_, i) => first + i),
        work,
      );
    }
    return (work.calls / (performance.now() - startedAt)) * 1000;
  }

  private async write(users: readonly number[], { sessions, status }: BulkWork): Promise<void> {
    const at = new Date();
    const { isPlain } = this;
    const sessionsWrites = users.map((user) => this.sessionsWrite(user, sessions, at));
    const ofSessions = isPlain ? sessionsWrites.map(plainSessions) : sessionsStatements(sessionsWrites);
    check(await compareAndSet(this.sessions, ofSessions, users.length));
    if (status === undefined) return;
    const writes = users.map((user) => this.presenceWrite(user, status, at));
    const ofUsers = isPlain ? writes.map((write) => plainUser(write, at)) : userStatements(writes, BATCH, at, false);
    check(await compareAndSet(this.users, ofUsers, users.length));
  }

  private sessionsWrite(user: number, count: number, at: Date): SessionsWrite {
    const known = this.of(user);
    const entry = (id: string): Session => {
      return { id, instanceId: CALLER, status: 'online', _createdAt: at, _updatedAt: at };
    };
    const sessionsOf = (size: number) => Array.from({ length: size }, (_, i) => entry(`u${user}-${i + 1}`));
    const stored = { _id: `u${user}`, rev: known.rev ?? undefined, connections: sessionsOf(known.sessions) };
    known.rev = (known.rev ?? 0) + 1;
    known.sessions = count;
    return { stored, after: { uid: `u${user}`, sessions: sessionsOf(count), sessionsRev: known.rev } };
  }

  private presenceWrite(user: number, status: Status, at: Date): PresenceWrite {
    const known = this.of(user);
    const [_id, from] = [`u${user}`, status === 'online' ? 'offline' : 'online'] as const;
    const before = { _id, status: from, statusConnection: from, presenceRev: known.presenceRev };
    const presenceChange = { cause: 'connection', from, at } as const;
    known.presenceRev += 1;
    const after = { _id, status, statusConnection: status, presenceChange, presenceRev: known.presenceRev };
    return { before, after, sessionsRev: known.rev ?? 0 };
  }

  private of(user: number): Known {
    return (this.known[user] ??= { rev: null, presenceRev: 0, sessions: 0 });
  }
}

function plainSessions({ after }: SessionsWrite): AnyBulkWriteOperation<SessionsDocument> {
  const { uid, sessions, sessionsRev } = after;
  return { updateOne: { filter: { _id: uid }, update: { $set: { connections: [...sessions], rev: sessionsRev } } } };
}

function plainUser({ after }: PresenceWrite, at: Date): AnyBulkWriteOperation<UserDocument> {
  const { _id, ...fields } = after;
  const update = { $set: { ...fields, [`presenceBy.${slotOf(after)}`]: BATCH, _updatedAt: at } };
  return { updateOne: { filter: { _id }, update } };
}

function check(isApplied: boolean): void {
  if (!isApplied) throw new Error('not all statements were applied');
}

const isPlain = process.env.STATEMENTS !== 'own';

void runNode(async (config) => {
  const connection = new MongoConnection({ url: mongoUrlOf(config), patienceMs: PATIENCE_MS });
  await connection.open();
  await ensureIndexes(connection, { theirs: true });
  const bulk = new Bulk(connection.collection('usersSessions'), connection.collection('users'), isPlain);
  return {
    name: isPlain ? 'bulk' : 'ownBulk',
    actions: { run: ({ params }: Context<BulkWork>): Promise<number> => bulk.run(params) },
    stopped: () => connection.close(),
  };
});
