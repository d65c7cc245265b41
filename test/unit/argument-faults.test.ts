import { readActivity, readHistory } from '../../lib/history/history-contract';
import { readSchedules } from '../../lib/schedules/schedule-contract';
import { read } from '../../lib/wire/contract';

/** What is said of wrong arguments: what is allowed and what was given, in the terms of JSON. */
test.each<[(params: unknown) => unknown, unknown, string]>([
  [
    read.setStatus,
    ['u', 'secret'],
    'statusDefault: must be one of online, away, busy, offline, not a string of 6 characters',
  ],
  [read.setStatus, ['u', 5], 'statusDefault: must be one of online, away, busy, offline, not the number 5'],
  [
    read.setStatus,
    ['u', 'busy', 'x', 5],
    'statusExpiresAt: must be a time with its zone such as 2030-01-01T15:00:00Z (ISO 8601), not the number 5',
  ],
  [
    read.setStatus,
    ['u', 'busy', 'x', 'soon'],
    'statusExpiresAt: must be a time with its zone such as 2030-01-01T15:00:00Z (ISO 8601), not a string of 4 characters',
  ],
  [read.setStatus, ['u', 'busy', ['x']], 'statusText: must be a string, not a list of 1'],
  [
    read.list,
    { status: 'gone' },
    'status: must be one of online, away, busy, offline, or a list of them, not a string of 4 characters',
  ],
  [
    read.list,
    { status: ['gone'] },
    'status: [0] must be one of online, away, busy, offline, not a string of 4 characters',
  ],
  [read.list, { status: [] }, 'status: must have at least 1 item, not 0'],
  [read.list, { limit: 1.5 }, 'limit: must be a whole number, not 1.5'],
  [read.list, { limit: 1001 }, 'limit: must be at most 1000, not 1001'],
  [read.list, { limit: '7' }, 'limit: must be a number, not a string of 1 character'],
  [read.uids, { uids: 'ann' }, 'uids: must be a list, not a string of 3 characters'],
  [read.uids, { uids: ['ann', 7] }, 'uids[1]: must be a string, not the number 7'],
  [read.uids, { uids: Array.from({ length: 1001 }, String) }, 'uids: must have at most 1000 items, not 1001'],
  [read.uid, { uid: 'x'.repeat(257) }, 'uid: must have at most 256 characters, not 257'],
  [read.uid, {}, 'uid: is missing'],
  [read.uid, 'ann', 'params: must be a list or an object, not a string of 3 characters'],
  [read.toggleBroadcast, ['yes'], 'enabled: must be true or false, not a string of 3 characters'],
  [read.setActiveState, ['u', 'busy'], 'claim: must be an object, not a string of 4 characters'],
  [readHistory.filter, { cause: 'why' }, 'cause: must be one of '],
  [readActivity.summary, { timeZone: 5 }, 'timeZone: must be a string, not the number 5'],
  [
    readSchedules.schedule,
    { uid: 'u', claim: { statusDefault: 'busy' }, weekly: { days: ['MO'], from: '9', to: '10:00' } },
    'weekly.from: must be a time of day such as 09:00',
  ],
])('%#: %j', (reader, params, said) => {
  const refused = () => reader(params);
  expect(refused).toThrow(said);
  expect(refused).not.toThrow(/field|class|Date\b/);
});
