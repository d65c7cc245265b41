import type { Context } from 'moleculer';
import type { Collection } from 'mongodb';
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
  readonly status?: 'online' | 'offline';
}

interface Document {
  readonly _id: string;
  readonly [field: string]: unknown;
}

/** What was last written of a user: kept here, so that nothing needs to be read. */
interface Known {
  rev: number | null;
  presenceRev: number | null;
  sessions: number;
}

const BULK = 256;
const PATIENCE_MS = 30_000;

/**
 * The ceiling of the database: the very statements of a step (compare-and-set, the fields the presence node sets),
 * 256 in one bulk write, and nothing else: no reads, no decision, no answer to anybody.
 */
class Bulk {
  private readonly known: Known[] = [];

  constructor(
    private readonly sessions: Collection<Document>,
    private readonly users: Collection<Document>,
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
    await inBulk(
      this.sessions,
      users.map((user) => this.sessionStatement(user, sessions, at)),
    );
    if (status === undefined) return;
    await inBulk(
      this.users,
      users.map((user) => this.userStatement(user, status, at)),
    );
  }

  private sessionStatement(user: number, count: number, at: Date): Statement {
    const known = this.of(user);
    const filter = { _id: `u${user}`, rev: known.rev, connections: { $size: known.sessions } };
    known.rev = (known.rev ?? 0) + 1;
    known.sessions = count;
    const entry = (id: string) => ({ id, instanceId: CALLER, status: 'online', _createdAt: at, _updatedAt: at });
    const connections = Array.from({ length: count }, (_, i) => entry(`u${user}-${i + 1}`));
    return { updateOne: { filter, update: { $set: { connections, rev: known.rev } } } };
  }

  private userStatement(user: number, status: string, at: Date): Statement {
    const known = this.of(user);
    const filter = {
      _id: `u${user}`,
      presenceRev: known.presenceRev === null ? { $in: [0, null] } : known.presenceRev,
    };
    const presenceRev = (known.presenceRev ?? 0) + 1;
    known.presenceRev = presenceRev;
    const slot = { [`presenceBy.${presenceRev % 8}`]: 'xxxxxx.xx' };
    const presenceChange = { cause: 'connection', from: status === 'online' ? 'offline' : 'online', at };
    const $set = { status, statusConnection: status, presenceChange, presenceRev, ...slot, _updatedAt: at };
    return { updateOne: { filter, update: { $set } } };
  }

  private of(user: number): Known {
    return (this.known[user] ??= { rev: null, presenceRev: null, sessions: 0 });
  }
}

interface Statement {
  readonly updateOne: { readonly filter: object; readonly update: object };
}

async function inBulk(collection: Collection<Document>, statements: Statement[]): Promise<void> {
  const { matchedCount } = await collection.bulkWrite(statements, { ordered: false });
  if (matchedCount !== statements.length) throw new Error(`${statements.length} statements, ${matchedCount} applied`);
}

void runNode(async (config) => {
  const connection = new MongoConnection({ url: mongoUrlOf(config), patienceMs: PATIENCE_MS });
  await connection.open();
  await ensureIndexes(connection);
  const bulk = new Bulk(connection.collection('usersSessions'), connection.collection('users'));
  return {
    name: 'bulk',
    actions: { run: ({ params }: Context<BulkWork>): Promise<number> => bulk.run(params) },
    stopped: () => connection.close(),
  };
});
