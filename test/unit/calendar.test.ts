import fc from 'fast-check';
import { DateTime } from 'luxon';
import * as calendar from '../../lib/schedules/calendar';
import { periodNames, PERIODS } from '../../lib/schedules/calendar';
import { checkTimeZone, zoneOf } from '../../lib/schedules/time-zone';
import { runs } from '../helpers/property-runs';

const HOUR = 3_600_000;
const ZONES = ['UTC', 'Europe/Berlin', 'Asia/Kolkata', 'America/New_York', 'Australia/Lord_Howe', 'Pacific/Apia'];
const daysOf = (...asked: Parameters<typeof calendar.daysOf>) => [...calendar.daysOf(...asked)];
const hoursOf = (...asked: Parameters<typeof calendar.hoursOf>) => [...calendar.hoursOf(...asked)];
const at = (text: string) => Date.parse(text);

describe('days of a time zone', () => {
  it('begin at its midnight; the first and last are cut short', () => {
    const days = daysOf(at('2026-11-24T12:00:00Z'), at('2026-11-26T00:00:00Z'), 'Europe/Berlin');
    expect(days.map(({ day, startMs, endMs }) => [day, (endMs - startMs) / HOUR])).toEqual([
      ['2026-11-24', 11],
      ['2026-11-25', 24],
      ['2026-11-26', 1],
    ]);
  });

  it('have 23 or 25 hours where clocks are set', () => {
    const lengths = (from: string, to: string) =>
      daysOf(at(from), at(to), 'Europe/Berlin').map(({ startMs, endMs }) => (endMs - startMs) / HOUR);
    expect(lengths('2026-03-27T23:00:00Z', '2026-03-30T22:00:00Z')).toEqual([24, 23, 24]);
    expect(lengths('2026-10-23T22:00:00Z', '2026-10-26T23:00:00Z')).toEqual([24, 25, 24]);
  });
});

describe('hours of a time zone', () => {
  it('are those its clocks show, the one that comes twice as well', () => {
    const hours = hoursOf(at('2026-10-25T00:00:00Z'), at('2026-10-25T03:00:00Z'), 'Europe/Berlin');
    expect(hours.map(({ day, weekday, hour }) => [day, weekday, hour])).toEqual([
      ['2026-10-25', 7, 2],
      ['2026-10-25', 7, 2],
      ['2026-10-25', 7, 3],
    ]);
  });

  it('begin at the half hour where the zone does', () => {
    const [first] = hoursOf(at('2026-11-24T18:30:00Z'), at('2026-11-24T19:30:00Z'), 'Asia/Kolkata');
    expect(first).toEqual({
      startMs: at('2026-11-24T18:30:00Z'),
      endMs: at('2026-11-24T19:30:00Z'),
      day: '2026-11-25',
      weekday: 3,
      hour: 0,
    });
  });
});

it('leaves no gap and counts nothing twice, in any zone at any time', () => {
  const start = fc.integer({ min: at('2010-01-01'), max: at('2030-01-01') });
  fc.assert(
    fc.property(
      start,
      fc.integer({ min: 1, max: 60 * 24 * HOUR }),
      fc.constantFrom(...ZONES),
      (fromMs, length, zone) => {
        for (const stretches of [daysOf(fromMs, fromMs + length, zone), hoursOf(fromMs, fromMs + length, zone)]) {
          expect(stretches[0]!.startMs).toBe(fromMs);
          expect(stretches.at(-1)!.endMs).toBe(fromMs + length);
          expect(stretches.every(({ startMs, endMs }) => startMs < endMs)).toBe(true);
          expect(stretches.slice(1).every(({ startMs }, i) => startMs === stretches[i]!.endMs)).toBe(true);
        }
      },
    ),
    runs(50),
  );
});

it('days are those of luxon, which asks the zone for each by itself', () => {
  const start = fc.integer({ min: at('1995-01-01'), max: at('2030-01-01') });
  // Where the first hour of a day is left out, comes twice, or a whole day is left out.
  const zones = fc.constantFrom(...ZONES, 'America/Santiago', 'Asia/Beirut', 'America/Havana', 'Africa/Casablanca');
  fc.assert(
    fc.property(start, fc.integer({ min: 1, max: 400 * 24 * HOUR }), zones, (fromMs, length, zone) => {
      const all = [];
      const toMs = fromMs + length;
      for (let day = DateTime.fromMillis(fromMs, { zone }).startOf('day'); day.toMillis() < toMs;) {
        const next = day.plus({ day: 1 }).startOf('day');
        const [startMs, endMs] = [Math.max(fromMs, day.toMillis()), Math.min(toMs, next.toMillis())];
        all.push({ day: day.toFormat('yyyy-MM-dd'), startMs, endMs });
        day = next;
      }
      expect(daysOf(fromMs, toMs, zone)).toEqual(all);
    }),
    runs(50),
  );
});

describe('names of periods', () => {
  it.each([
    ['2026-11-25T12:00:00Z', 'UTC', '2026-11-25', '2026-W48', '2026-11'],
    ['2026-11-30T23:30:00Z', 'Europe/Berlin', '2026-12-01', '2026-W49', '2026-12'],
    ['2027-01-01T12:00:00Z', 'UTC', '2027-01-01', '2026-W53', '2027-01'], // ISO's year of the week
  ])('at %s in %s are %s, %s, %s', (time, zone, ...names) => {
    expect(PERIODS.map((period) => periodNames(period, zone)(at(time)))).toEqual(names);
  });

  it('change exactly where the period ends', () => {
    const nameOf = periodNames('day', 'America/New_York');
    const times = ['2026-11-25T04:59:59.999Z', '2026-11-25T05:00:00.000Z', '2026-11-26T04:59:59.999Z'];
    expect(times.map((time) => nameOf(at(time)))).toEqual(['2026-11-24', '2026-11-25', '2026-11-25']);
  });
});

it('knows zones by the names of the tz database, and says which it does not', () => {
  expect(checkTimeZone('Europe/Berlin')).toBe('Europe/Berlin');
  for (const zone of ['Berlin', 'Europe/Nowhere', '../etc/passwd']) {
    expect(() => checkTimeZone(zone)).toThrow('timeZone: is not a time zone');
  }
});

it('takes a zone by one name, however that is spelled; an alias stays as it was given', () => {
  expect(checkTimeZone('aMERICA/nEW_yORK')).toBe('America/New_York');
  expect(checkTimeZone('eTC/gmt+5')).toBe('Etc/GMT+5');
  expect(checkTimeZone('Asia/Kolkata')).toBe('Asia/Kolkata');
  expect(checkTimeZone('Asia/Kathmandu')).toBe('Asia/Kathmandu');
  const spellings = ['Asia/Kolkata', 'Asia/Calcutta', 'aSIA/kOLKATA'];
  expect(new Set(spellings.map(zoneOf)).size).toBe(1);
  expect(hoursOf(at('2026-11-24T18:30:00Z'), at('2026-11-24T19:30:00Z'), 'aSIA/kOLKATA')[0]!.day).toBe('2026-11-25');
});
