import type { Collection, FilterQuery } from 'mongodb';
import { STATUSES, type Status, type UserRecord } from '../../../domain/types';
import type { StoredInstance } from '../instance-port';
import type { SessionOwners, StatusCounts, UserFilter } from '../port';
import type { MongoConnection } from './connection';
import { droppedEntry } from './instance-drop';
import { sessionsOf, isDate, USER_PROJECTION, userOf, type SessionsDocument, type UserDocument } from './documents';
import { readUsers } from './read-users';

const EXPIRED_AT_ONCE = 1000;
const WAITING_ENDS = 'previousState.statusExpiresAt';
const FIND_BATCH = 5000;
/** An entry whose id is no text is no session (`sessionsOf`). Nothing would ever drop it, so it must not be found for that. */
const IS_SESSION = { $type: 'string' };

/** What is asked across users: whom something concerns, and how much of what there is. */
export class MongoQueries {
  constructor(private readonly connection: MongoConnection) {}

  async ownersOfSessions(sessionIds: readonly string[]): Promise<SessionOwners> {
    const owners = new Map<string, string[]>(sessionIds.map((id) => [id, []]));
    const asRead = new Map<string, SessionsDocument>();
    for (const document of await this.findSessions({ 'connections.id': { $in: [...owners.keys()] } })) {
      asRead.set(document._id, document);
      for (const id of new Set(sessionsOf(document).map((entry) => entry.id))) owners.get(id)?.push(document._id);
    }
    return { owners, asRead };
  }

  ownersOfInstance(instanceId: string, beforeMs?: number): Promise<string[]> {
    if (beforeMs === undefined) return this.findOwners({ 'connections.instanceId': instanceId });
    return this.findOwners({ connections: { $elemMatch: droppedEntry({ instanceId, beforeMs }) } });
  }

  ownersOfLost(instanceId: string, process: string): Promise<string[]> {
    return this.findOwners({ lost: { $elemMatch: { instanceId, process } } });
  }

  ownersOutside(keep: ReadonlySet<string>): Promise<string[]> {
    return this.findOwners({ connections: { $elemMatch: { instanceId: { $nin: [...keep] } } } });
  }

  /**
   * By the index on `connections._updatedAt`, which also gives the oldest first. Entries without a date there are left out
   * (port): with them every user who has ever logged out would be looked at, for an empty list is indexed like they are.
   */
  async ownersOfStale(beforeMs: number, instances: ReadonlySet<string>, limit: number): Promise<string[]> {
    if (instances.size === 0 || limit <= 0) return []; // a limit of 0 is none to the database
    const stale = { _updatedAt: { $lte: new Date(beforeMs) }, instanceId: { $in: [...instances] }, id: IS_SESSION };
    return this.findOwners({ connections: { $elemMatch: stale } }, limit);
  }

  storedInstances(): Promise<StoredInstance[]> {
    return this.countInstances({ $type: 'string' });
  }

  instancesOutside(keep: ReadonlySet<string>): Promise<StoredInstance[]> {
    return this.countInstances({ $type: 'string', $nin: [...keep] });
  }

  private countInstances(instanceId: object): Promise<StoredInstance[]> {
    return this.connection.patiently(async () => {
      const found = await this.sessions()
        .aggregate<{ _id: string; sessions: number; newest: unknown }>([
          { $match: { connections: { $elemMatch: { instanceId } } } }, // by its index, past those without sessions
          { $unwind: '$connections' },
          { $match: { 'connections.instanceId': instanceId, 'connections.id': IS_SESSION } },
          {
            $group: {
              _id: '$connections.instanceId',
              sessions: { $sum: 1 },
              newest: { $max: '$connections._updatedAt' },
            },
          },
        ])
        .toArray();
      return found.map(({ _id, sessions, newest }) => {
        return { instanceId: _id, sessions, newestMs: isDate(newest) ? newest.getTime() : 0 };
      });
    });
  }

  usersOf(uids: readonly string[]): Promise<ReadonlyMap<string, UserRecord>> {
    return this.connection.patiently(() => readUsers(this.users(), uids));
  }

  listUsers({ statuses = STATUSES, role, sinceMs, after }: UserFilter, limit: number): Promise<UserRecord[]> {
    const filter: object = {
      status: { $in: [...statuses] },
      ...(role === undefined ? {} : { roles: role }),
      ...(sinceMs === undefined ? {} : { 'presenceChange.at': { $gte: new Date(sinceMs) } }),
      ...(after === undefined ? {} : { _id: { $gt: after } }),
    };
    return this.connection.patiently(async () => {
      const options = { projection: USER_PROJECTION, sort: { _id: 1 }, limit, batchSize: limit + 1 };
      const found = await this.users().find(filter, options).toArray();
      return found.map((document) => userOf({ ...document }));
    });
  }

  statusCounts(): Promise<StatusCounts> {
    return this.connection.patiently(async () => {
      const counts: Record<Status, number> = { online: 0, away: 0, busy: 0, offline: 0 };
      const found = await this.users()
        .aggregate<{ _id: Status; users: number }>([
          { $match: { status: { $in: [...STATUSES] } } }, // by its index: no user document is read
          { $group: { _id: '$status', users: { $sum: 1 } } },
        ])
        .toArray();
      for (const { _id, users } of found) counts[_id] = users;
      return counts;
    });
  }

  usersExpired(nowMs: number): Promise<string[]> {
    const ended = { $lt: new Date(nowMs) };
    return this.connection.patiently(async () => {
      const [active, waiting] = await Promise.all([
        this.findExpired({ statusExpiresAt: ended }, 'statusExpiresAt'),
        this.findExpired({ presenceWaiting: { $exists: true }, [WAITING_ENDS]: ended }, WAITING_ENDS),
      ]);
      return [...new Set([...active, ...waiting])];
    });
  }

  private async findExpired(filter: object, by: string): Promise<string[]> {
    const options = { projection: { _id: 1 }, sort: { [by]: 1 }, limit: EXPIRED_AT_ONCE };
    return (await this.users().find(filter, options).toArray()).map(({ _id }) => _id);
  }

  private async findOwners(filter: FilterQuery<SessionsDocument>, limit = 0): Promise<string[]> {
    return (await this.findSessions(filter, { _id: 1 }, limit)).map(({ _id }) => _id);
  }

  private findSessions(
    filter: FilterQuery<SessionsDocument>,
    projection?: object,
    limit = 0,
  ): Promise<SessionsDocument[]> {
    const options = { projection, batchSize: FIND_BATCH, limit };
    return this.connection.patiently(() => this.sessions().find(filter, options).toArray());
  }

  private sessions(): Collection<SessionsDocument> {
    return this.connection.collection('usersSessions');
  }

  private users(): Collection<UserDocument> {
    return this.connection.collection('users');
  }
}
