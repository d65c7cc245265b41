import type { ServiceSchema } from 'moleculer';
import { BoundedLine } from '../lib/bounded-line';
import { actionsOf } from '../lib/wire/action';
import { readHistory } from '../lib/history/history-contract';
import { keepDigests } from '../lib/history/history-days';
import { eraseHistory } from '../lib/history/erasure';
import { historyCount, historyPage } from '../lib/history/history-reads';
import { serviceSchema } from '../lib/wire/service-schema';
import { besidePresenceMixin, type BesideService } from '../mixins/beside-presence.mixin';
import { periodicMixin } from '../mixins/periodic.mixin';

/** Days go whole: looking for one that is over costs nothing, and an hour more of it hurts nobody. */
const EXPIRE_EVERY_MS = 60 * 60_000;
const FIRST_EXPIRE_AFTER_MS = 10_000;
/** A day has its digest this long after it is over (`lib/history/history-days`) at the latest. */
const DIGEST_EVERY_MS = 60 * 60_000;
const FIRST_DIGEST_AFTER_MS = 30_000;

/** As sums of activity: years of days are looked through. */
const LINE = { atOnce: 2, waiting: 50 };

interface HistoryService extends BesideService {
  line: BoundedLine;
}

const action = actionsOf<HistoryService>();

async function digestDays(service: BesideService): Promise<void> {
  const presence = service.presence();
  if (!presence.tends()) return;
  const made = await keepDigests(presence.store.history, presence.clock());
  if (made > 0) service.logger.info(`history: ${made} days that are over were counted`);
}

/** The service `history`: every real change of presence, for as long as HISTORY_RETENTION_DAYS says. */
export function historyService(): ServiceSchema {
  return serviceSchema<HistoryService>({
    name: 'history',
    created(this: HistoryService) {
      this.line = new BoundedLine(LINE);
    },
    mixins: [
      besidePresenceMixin,
      periodicMixin<BesideService>({
        name: 'letting go of history that is too old',
        everyMs: EXPIRE_EVERY_MS,
        firstAfterMs: FIRST_EXPIRE_AFTER_MS,
        run: async (service) => service.presence().store.history.expire(service.presence().clock()),
      }),
      periodicMixin<BesideService>({
        name: 'counting the days of history that are over',
        everyMs: DIGEST_EVERY_MS,
        firstAfterMs: FIRST_DIGEST_AFTER_MS,
        run: digestDays,
      }),
    ] as Partial<ServiceSchema>[],
    actions: {
      /** Changes, newest first, a page at a time. */
      list: action('list', readHistory.page, function (page) {
        return historyPage(this.presence().store.history, page);
      }),
      /** How many changes there are. */
      count: action('count', readHistory.filter, function (filter) {
        return this.line.run(() => historyCount(this.presence().store.history, filter));
      }),
      /** Removes all that is kept of a user. @returns how many changes that were */
      erase: action('erase', readHistory.uid, async function ({ uid }) {
        const { store, clock } = this.presence();
        const erased = await eraseHistory(store, uid, clock());
        this.logger.info(`history of one user erased: ${erased} changes`);
        return { uid, erased };
      }),
    },
  });
}

/** For the loader. */
export default historyService;
