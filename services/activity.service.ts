import type { ServiceSchema } from 'moleculer';
import { BoundedLine } from '../lib/bounded-line';
import { actionsOf } from '../lib/wire/action';
import { activitySummary, userActivity } from '../lib/history/activity';
import { readActivity } from '../lib/history/history-contract';
import { serviceSchema } from '../lib/wire/service-schema';
import { besidePresenceMixin, type BesideService } from '../mixins/beside-presence.mixin';

interface ActivityService extends BesideService {
  line: BoundedLine;
}

/** Sums over years keep memory and time to themselves. */
const LINE = { atOnce: 2, waiting: 50 };

const action = actionsOf<ActivityService>();

/** The service `activity`: who was there for how long, and how many at once, from the history. */
export function activityService(): ServiceSchema {
  return serviceSchema<ActivityService>({
    name: 'activity',
    mixins: [besidePresenceMixin],
    created(this: ActivityService) {
      this.line = new BoundedLine(LINE);
    },
    actions: {
      /** Time in each status, day by day. */
      user: action('user', readActivity.user, function (given) {
        const { store, clock } = this.presence();
        return this.line.run(() => userActivity(store, given, clock()));
      }),
      /** Active users by day, week and month; people there at once by hour and weekday. */
      summary: action('summary', readActivity.summary, function (given) {
        const { store, clock } = this.presence();
        return this.line.run(() => activitySummary(store, given, clock()));
      }),
    },
  });
}

/** For the loader. */
export default activityService;
