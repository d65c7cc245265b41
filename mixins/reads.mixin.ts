import type { Service, ServiceSchema } from 'moleculer';
import { actionsOf } from '../lib/action';
import { read } from '../lib/contract';
import { PresenceReads } from '../lib/presence-reads';
import type { PresenceStore } from '../lib/store/port';
import type { ReplicaService } from './replica-service';

interface ReadService extends ReplicaService {
  readonly clock: () => number;
  reads: PresenceReads;
}

/** What anybody may read of presence. */
export function readsMixin(store: PresenceStore): Partial<ServiceSchema> {
  const action = actionsOf<ReadService>();
  return {
    actions: {
      /** One user's presence; `status: 'unknown'` with a reason where it cannot be known. */
      get: action('get', read.uid, async function ({ uid }) {
        return (await this.reads.many([uid]))[0]!;
      }),
      /** The same of up to 1,000 users, in the order asked for. */
      getMany: action('getMany', read.uids, function ({ uids }) {
        return this.reads.many(uids);
      }),
      /** Users by status, role and time of the last change, a page at a time. */
      list: action('list', read.list, function (page) {
        return this.reads.page(page);
      }),
      /** How many users are shown with each status, how many sessions each instance has, and the counts of connections. */
      stats: action('stats', read.nothing, function () {
        return this.reads.stats(this.clock());
      }),
    },
    created(this: Service) {
      (this as ReadService).reads = new PresenceReads(store);
    },
  };
}
