import type { Collection, FilterQuery } from 'mongodb';
import type { SessionWork } from '../port';
import type { SessionsDocument } from './documents';

/**
 * The instance that a piece of work is only about: the loss of a node, of whose users each has one. What that does depends on
 * nothing that would have to be read before it is written, so no race can be lost.
 */
function droppedInstance({ commands }: SessionWork): string | undefined {
  const [command] = commands;
  return commands.length === 1 && command!.kind === 'dropInstance' ? command!.instanceId : undefined;
}

/**
 * Drops the sessions of lost instances, one command for all users of each: the database does that in a third of the time that an
 * update of each user takes. Those who have none any more are left as they are, so it is safe to repeat.
 *
 * @param had takes in the users that had one. Who was asked for had one a moment ago, and the database tells only how many still
 * did: if any did, or if its answer got lost, all are said to. Once too often is harmless, a miss is not
 */
export async function dropAtOnce(
  sessions: Collection<SessionsDocument>,
  work: readonly SessionWork[],
  had: Set<string>,
): Promise<void> {
  for (const [instanceId, uids] of byInstance(work)) {
    const filter: FilterQuery<SessionsDocument> = { _id: { $in: uids }, 'connections.instanceId': instanceId };
    // The driver's types know no revision that may be missing.
    const update: object = { $pull: { connections: { instanceId } }, $inc: { rev: 1 } };
    const addAll = () => uids.forEach((uid) => had.add(uid));
    try {
      const { modifiedCount } = await sessions.updateMany(filter, update);
      if (modifiedCount > 0) addAll();
    } catch (thrown) {
      addAll();
      throw thrown;
    }
  }
}

function byInstance(work: readonly SessionWork[]): ReadonlyMap<string, string[]> {
  const uids = new Map<string, string[]>();
  for (const one of work) {
    const instanceId = droppedInstance(one);
    if (instanceId === undefined) continue;
    const others = uids.get(instanceId);
    if (others) others.push(one.uid);
    else uids.set(instanceId, [one.uid]);
  }
  return uids;
}
