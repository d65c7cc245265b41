import { awaiting, stepOf, type Occurrence, type Schedule } from '../../../domain/schedule';

const NOW = Date.UTC(2026, 10, 25, 12);
const HOUR = 3_600_000;
const occurrence = (startMs: number): Occurrence => ({ startsAt: new Date(startMs), endsAt: new Date(startMs + HOUR) });
const TODAY = occurrence(NOW);
const TOMORROW = occurrence(NOW + 24 * HOUR);
const schedule: Schedule = {
  _id: 'schedule-1',
  uid: 'ann',
  claim: { statusDefault: 'busy', statusText: 'lunch', statusSource: 'internal' },
  startsAt: TODAY.startsAt,
  timeZone: 'UTC',
  createdAt: new Date(NOW - HOUR),
  next: TODAY,
  dueAt: TODAY.startsAt,
};
const claimUntil = (statusExpiresAt: Date) => ({ ...schedule.claim, statusId: 'schedule-1', statusExpiresAt });

describe('a schedule that is due', () => {
  test('makes its claim until the end of the occurrence, and waits for the next', () => {
    const asked: number[] = [];
    const step = stepOf(schedule, NOW + 100, (afterMs) => (asked.push(afterMs), TOMORROW));
    expect(step.claim).toEqual(claimUntil(TODAY.endsAt));
    expect(step.after).toEqual({ ...schedule, running: TODAY, next: TOMORROW, dueAt: TOMORROW.startsAt });
    expect(asked).toEqual([TODAY.endsAt.getTime()]);
  });

  test('is made late rather than never, as long as the occurrence lasts', () => {
    const step = stepOf(schedule, TODAY.endsAt.getTime() - 1, () => undefined);
    expect(step.claim).toEqual(claimUntil(TODAY.endsAt));
  });

  test('of whose occurrence nothing is left makes no claim, and goes on to what comes', () => {
    const asked: number[] = [];
    const nowMs = TODAY.endsAt.getTime();
    const step = stepOf(schedule, nowMs, (afterMs) => (asked.push(afterMs), TOMORROW));
    expect(step).toEqual({ after: { ...schedule, next: TOMORROW, dueAt: TOMORROW.startsAt } });
    expect(asked).toEqual([nowMs]);
  });

  test('after its last occurrence it is there until that ends, and then over', () => {
    const { after } = stepOf(schedule, NOW, () => undefined);
    expect(after).toEqual({ ...schedule, running: TODAY, next: undefined, dueAt: TODAY.endsAt });
    expect(stepOf(after!, TODAY.endsAt.getTime(), () => TOMORROW)).toEqual({ after: undefined });
  });

  test('nothing is left of one that never ran and never will', () => {
    expect(awaiting({ ...schedule, running: undefined }, undefined)).toBeUndefined();
    expect(stepOf(schedule, TODAY.endsAt.getTime(), () => undefined)).toEqual({ after: undefined });
  });
});
