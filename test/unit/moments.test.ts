import { msOf } from '../../lib/wire/arguments';
import { claimOf, endOf } from '../../lib/wire/contract';
import { declaredStatus, readStatusItem } from '../../lib/wire/set-status';
import { readSchedules } from '../../lib/schedules/schedule-contract';

const NOW_MS = Date.UTC(2025, 0, 15, 12);
const refusal = (field: string) =>
  expect.objectContaining({
    type: 'INVALID_ARGUMENT',
    message: `${field}: is a time that no calendar has`,
    data: expect.objectContaining({ field }) as object,
  }) as Error;

const NONE = [
  '2030-02-30T15:00:00Z',
  '2030-02-29T00:00:00+02:00',
  '2030-04-31T24:00:00Z',
  '2030-13-01T15:00:00Z',
  '2030-02-28T25:00:00Z',
  '2030-00-10T00:00:00Z',
];

describe('a time that no calendar has', () => {
  it.each(NONE)('is refused wherever a time may be given: %s', (none) => {
    expect(() => msOf('from', none)).toThrow(refusal('from'));
    expect(() => claimOf({ statusDefault: 'busy', statusExpiresAt: none }, NOW_MS)).toThrow(refusal('statusExpiresAt'));
    const item = readStatusItem({ uid: 'u', statusDefault: 'busy', statusExpiresAt: none });
    expect(() => declaredStatus(item, NOW_MS)).toThrow(refusal('statusExpiresAt'));
    const schedule = { uid: 'u', claim: { statusDefault: 'busy' }, startsAt: '2030-01-01T00:00:00Z', endsAt: none };
    expect(() => readSchedules.schedule(schedule)).toThrow(refusal('endsAt'));
  });

  it('is told of the day as it was written, not of the one that it is in UTC', () => {
    expect(msOf('from', '2028-02-29T23:30:00-05:00')).toBe(Date.UTC(2028, 2, 1, 4, 30));
    expect(msOf('from', '2030-03-01T00:30:00+02:00')).toBe(Date.UTC(2030, 1, 28, 22, 30));
    expect(msOf('from', '2030-12-31T24:00:00Z')).toBe(Date.UTC(2031, 0, 1));
  });
});

it('a date that is none, as Rocket.Chat may send it, is not in the future', () => {
  expect(() => endOf(new Date(Number.NaN), NOW_MS)).toThrow('statusExpiresAt must be a future date');
  expect(() => endOf('2001-01-01T00:00:00Z', NOW_MS)).toThrow('statusExpiresAt must be a future date');
});
