import type { Collection } from 'mongodb';
import { MAX_LOST } from '../../../domain/lost-sessions';
import type { DropInstance } from '../../../domain/sessions';
import { groupBy } from '../../group-by';
import type { SessionWork } from '../port';
import { CAN_COUNT } from './revision';
import type { SessionsDocument } from './documents';

/**
 * The instance that a piece of work is only about: the loss of a node, of whose users each has one. What that does depends on
 * nothing that would have to be read before it is written, so no race can be lost.
 */
function droppedInstance({ commands }: SessionWork): DropInstance | undefined {
  const [command] = commands;
  return commands.length === 1 && command!.kind === 'dropInstance' ? command : undefined;
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
  nowMs: number,
  had: Set<string>,
): Promise<void> {
  const drops = work.flatMap((one) => {
    const drop = droppedInstance(one);
    return drop ? [{ uid: one.uid, drop }] : [];
  });
  for (const alike of groupBy(drops, ({ drop }) => JSON.stringify(drop)).values()) {
    const { drop } = alike[0]!;
    const uids = alike.map(({ uid }) => uid);
    const addAll = () => uids.forEach((uid) => had.add(uid));
    try {
      // What cannot be counted up is left to the write that puts it right.
      const filter: object = { _id: { $in: uids }, connections: { $elemMatch: droppedEntry(drop) }, ...CAN_COUNT };
      const { modifiedCount } = await sessions.updateMany(filter, dropped(drop, nowMs));
      if (modifiedCount > 0) addAll();
    } catch (thrown) {
      addAll();
      throw thrown;
    }
  }
}

/** As `isDropped` of the domain: an entry without a time for its lease is an old one, too. */
export function droppedEntry({ instanceId, beforeMs }: Pick<DropInstance, 'instanceId' | 'beforeMs'>): object {
  return { instanceId, ...(beforeMs !== undefined && { _updatedAt: { $not: { $gte: new Date(beforeMs) } } }) };
}

function dropped(drop: DropInstance, nowMs: number): object {
  if (drop.process === undefined) return { $pull: { connections: droppedEntry(drop) }, $inc: { rev: 1 } };
  const { instanceId, beforeMs, process } = drop;
  // Here, too, an entry without a time is the older one: nothing comes before a date.
  const isOld = beforeMs === undefined ? [] : [{ $lt: ['$$entry._updatedAt', new Date(beforeMs)] }];
  const isGone = { $and: [{ $eq: ['$$entry.instanceId', { $literal: instanceId }] }, ...isOld] };
  const entries = { input: '$connections', as: 'entry' };
  const marks = { process: { $literal: process }, lostAt: new Date(nowMs) };
  const lost = {
    $map: { input: { $filter: { ...entries, cond: isGone } }, as: 'entry', in: { $mergeObjects: ['$$entry', marks] } },
  };
  const fields = {
    lost: { $slice: [{ $concatArrays: [{ $cond: [{ $isArray: '$lost' }, '$lost', []] }, lost] }, -MAX_LOST] },
    connections: { $filter: { ...entries, cond: { $not: [isGone] } } },
    rev: { $add: [{ $ifNull: ['$rev', 0] }, 1] },
  };
  return [{ $set: fields }];
}
