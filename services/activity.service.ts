import type { ServiceSchema } from 'moleculer';
import { actionsOf } from '../lib/wire/action';
import { activitySummary, userActivity } from '../lib/history/activity';
import { readActivity } from '../lib/history/history-contract';
import { serviceSchema } from '../lib/wire/service-schema';
import { besidePresenceMixin, type BesideService } from '../mixins/beside-presence.mixin';

const action = actionsOf<BesideService>();

/** The service `activity`: who was there for how long, and how many at once, from the history. */
export function activityService(): ServiceSchema {
  return serviceSchema<BesideService>({
    name: 'activity',
    mixins: [besidePresenceMixin],
    actions: {
      /** Time in each status, day by day. */
      user: action('user', readActivity.user, function (given) {
        return userActivity(this.presence().store, given, this.presence().clock());
      }),
      /** Active users by day, week and month; people there at once by hour and weekday. */
      summary: action('summary', readActivity.summary, function (given) {
        return activitySummary(this.presence().store, given, this.presence().clock());
      }),
    },
  });
}

/** For the loader. */
export default activityService;
