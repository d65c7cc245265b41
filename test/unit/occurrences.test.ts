import type { Weekday, WeeklyHours } from '../../domain/schedule';
import { occurrenceAfter } from '../../lib/schedules/occurrences';

const at = (text: string) => new Date(text);
const weekly = (days: Weekday[], from: string, to: string): WeeklyHours => ({ days, from, to });
const WORKDAYS: Weekday[] = ['MO', 'TU', 'WE', 'TH', 'FR'];
const EARLY = at('2026-01-01T00:00:00Z');

/** As `start/end` of the first occurrence that ends after a time. */
const first = (
  hours: WeeklyHours,
  after: string,
  given: { startsAt?: Date; endsAt?: Date; timeZone?: string } = {},
) => {
  const times = { startsAt: EARLY, timeZone: 'UTC', ...given, weekly: hours };
  const found = occurrenceAfter(times, at(after).getTime());
  return found && `${found.startsAt.toISOString().slice(0, 16)}/${found.endsAt.toISOString().slice(0, 16)}`;
};

describe('once', () => {
  const once = { startsAt: at('2026-11-25T12:00:00Z'), endsAt: at('2026-11-25T13:00:00Z'), timeZone: 'UTC' };

  test.each([
    ['2026-11-25T00:00:00Z', true],
    ['2026-11-25T12:59:59Z', true],
    ['2026-11-25T13:00:00Z', false],
  ])('after %s there is one: %s', (after, there) => {
    const { startsAt, endsAt } = once;
    expect(occurrenceAfter(once, at(after).getTime())).toEqual(there ? { startsAt, endsAt } : undefined);
  });
});

describe('weekly hours', () => {
  const LUNCH = weekly(WORKDAYS, '12:00', '13:00');

  // 2026-11-25 is a Wednesday.
  test.each([
    ['before them, the same day', '2026-11-25T09:00:00Z', '2026-11-25T12:00/2026-11-25T13:00'],
    ['within them, the whole of them', '2026-11-25T12:30:00Z', '2026-11-25T12:00/2026-11-25T13:00'],
    ['at their very end, the next day', '2026-11-25T13:00:00Z', '2026-11-26T12:00/2026-11-26T13:00'],
    ['on a Friday evening, on Monday', '2026-11-27T18:00:00Z', '2026-11-30T12:00/2026-11-30T13:00'],
  ])('%s', (_name, after, expected) => expect(first(LUNCH, after)).toBe(expected));

  test('of one day of the week come back a week later', () => {
    expect(first(weekly(['WE'], '12:00', '13:00'), '2026-11-25T13:00:00Z')).toBe('2026-12-02T12:00/2026-12-02T13:00');
  });

  test.each([
    ['before midnight', '2026-11-25T21:00:00Z', '2026-11-25T22:00/2026-11-26T06:00'],
    ['after midnight, they began the day before', '2026-11-26T03:00:00Z', '2026-11-25T22:00/2026-11-26T06:00'],
    ['in the morning, the next', '2026-11-26T06:00:00Z', '2026-12-02T22:00/2026-12-03T06:00'],
  ])('over midnight: %s', (_name, after, expected) => {
    expect(first(weekly(['WE'], '22:00', '06:00'), after)).toBe(expected);
  });

  test('may last a whole day', () => {
    expect(first(weekly(['WE'], '00:00', '24:00'), '2026-11-25T12:00:00Z')).toBe('2026-11-25T00:00/2026-11-26T00:00');
  });

  test('begin no earlier than the schedule and end no later', () => {
    const given = { startsAt: at('2026-11-25T12:20:00Z'), endsAt: at('2026-11-27T12:40:00Z') };
    expect(first(LUNCH, '2026-11-01T00:00:00Z', given)).toBe('2026-11-25T12:20/2026-11-25T13:00');
    expect(first(LUNCH, '2026-11-26T13:00:00Z', given)).toBe('2026-11-27T12:00/2026-11-27T12:40');
    expect(first(LUNCH, '2026-11-27T12:40:00Z', given)).toBeUndefined();
    expect(first(LUNCH, '2026-11-25T00:00:00Z', { endsAt: at('2026-11-25T12:00:00Z') })).toBeUndefined();
  });
});

describe('in a time zone', () => {
  const timeZone = 'Europe/Berlin';
  const days = weekly(['SA', 'SU', 'MO'], '09:00', '17:00');

  test('are the hours its clocks show, on both sides of the day they are set', () => {
    // Set back on Sunday, 2026-10-25, forward on Sunday, 2026-03-29.
    expect(first(days, '2026-10-24T00:00:00Z', { timeZone })).toBe('2026-10-24T07:00/2026-10-24T15:00');
    expect(first(days, '2026-10-25T00:00:00Z', { timeZone })).toBe('2026-10-25T08:00/2026-10-25T16:00');
    expect(first(days, '2026-03-28T12:00:00Z', { timeZone })).toBe('2026-03-28T08:00/2026-03-28T16:00');
    expect(first(days, '2026-03-29T00:00:00Z', { timeZone })).toBe('2026-03-29T07:00/2026-03-29T15:00');
  });

  test('the day of the week is the zone’s', () => {
    const monday = weekly(['MO'], '01:00', '02:00');
    expect(first(monday, '2026-11-22T12:00:00Z', { timeZone: 'Pacific/Auckland' })).toBe(
      '2026-11-22T12:00/2026-11-22T13:00',
    );
  });

  test('an hour that the clocks leave out begins when they go on, one they show twice lasts two', () => {
    const night = weekly(['SU'], '02:00', '03:00');
    expect(first(night, '2026-10-24T12:00:00Z', { timeZone })).toBe('2026-10-25T00:00/2026-10-25T02:00');
    // 02:00 to 03:00 is not there at all: nothing is made of it, and the next Sunday's comes.
    expect(first(night, '2026-03-28T12:00:00Z', { timeZone })).toBe('2026-04-05T00:00/2026-04-05T01:00');
    expect(first(weekly(['SU'], '02:30', '04:00'), '2026-03-28T12:00:00Z', { timeZone })).toBe(
      '2026-03-29T01:00/2026-03-29T02:00',
    );
    expect(first(weekly(['SU'], '02:30', '03:15'), '2026-03-28T12:00:00Z', { timeZone })).toBe(
      '2026-03-29T01:00/2026-03-29T01:15',
    );
    expect(first(weekly(['SU'], '01:00', '02:30'), '2026-03-28T12:00:00Z', { timeZone })).toBe(
      '2026-03-29T00:00/2026-03-29T01:00',
    );
  });

  it('last for both where the clocks show an hour twice', () => {
    const of = (from: string, to: string) =>
      first(weekly(['SU'], from, to), '2026-10-24T12:00:00Z', { timeZone: 'Europe/Berlin' });
    expect(of('02:30', '02:45')).toBe('2026-10-25T00:30/2026-10-25T01:45');
    expect(of('01:00', '02:30')).toBe('2026-10-24T23:00/2026-10-25T01:30');
    expect(of('02:30', '05:00')).toBe('2026-10-25T00:30/2026-10-25T04:00');
  });
});
