import type { ActivitySummary, UserActivity } from '../../../lib/history/activity';
import type { HistoryRow } from '../../../domain/history';
import { BusFixture } from '../../helpers/bus-fixture';
import type { RocketChatNode } from '../../helpers/rocket-chat-node';
import { historyRowOf } from '../../helpers/store-contract-history';

const CORE = 'core-1';
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const sum = (numbers: readonly number[]) => numbers.reduce((all, one) => all + one, 0);

/** Who was there for how long, on either store. Two weeks ago is written by hand; today comes by calls. */
describe('activity over the bus', () => {
  let bus: BusFixture;
  let core: RocketChatNode;
  /** A midnight of UTC, two weeks ago. */
  const day0 = Math.floor(Date.now() / DAY) * DAY - 14 * DAY;
  const dayOf = (ms: number) => new Date(ms).toISOString().slice(0, 10);
  const visit = (uid: string, fromMs: number, toMs: number, rev: number): HistoryRow[] => [
    historyRowOf(uid, fromMs, { rev }),
    historyRowOf(uid, toMs, { rev: rev + 1, from: 'online', to: 'offline' }),
  ];

  beforeAll(async () => {
    bus = await BusFixture.start();
    const replica = await bus.replica({ nodeID: 'presence-1' });
    core = await bus.rocketChat(CORE, [], ['presence', 'history', 'activity']);
    await replica.store.history.append(
      [
        ...visit('ann', day0 + 9 * HOUR, day0 + 17 * HOUR, 1),
        ...visit('bob', day0 + 10 * HOUR, day0 + 12 * HOUR, 1),
        ...visit('ann', day0 + DAY + 22 * HOUR, day0 + 2 * DAY + 2 * HOUR, 3),
      ],
      Date.now(),
    );
    await core.call('newConnection', 'cleo', 's', CORE);
  });
  afterAll(() => bus.stop());

  const user = (params: object) => core.broker.call<UserActivity, object>('activity.user', params);
  const summary = (params: object) => core.broker.call<ActivitySummary, object>('activity.summary', params);
  const threeDays = { from: new Date(day0), to: new Date(day0 + 3 * DAY) };

  test('of a user is the time in each status, day by day, over midnight', async () => {
    const { days, ...asked } = await user({ uid: 'ann', ...threeDays });
    expect(asked).toEqual({ uid: 'ann', ...threeDays, timeZone: 'UTC' });
    const spent = (online: number) => ({ online, away: 0, busy: 0, offline: DAY - online, unknown: 0 });
    expect(days).toEqual([
      { day: dayOf(day0), ...spent(8 * HOUR) },
      { day: dayOf(day0 + DAY), ...spent(2 * HOUR) },
      { day: dayOf(day0 + 2 * DAY), ...spent(2 * HOUR) },
    ]);
    const inKolkata = await user({ uid: 'ann', ...threeDays, timeZone: 'Asia/Kolkata' });
    expect(inKolkata.days.map(({ online }) => online)).toEqual([8 * HOUR, 0, 4 * HOUR, 0]);
  });

  test('of a user of whom nothing is known before is unknown until the first change', async () => {
    const { days } = await user({ uid: 'nobody', ...threeDays });
    expect(days.map(({ unknown }) => unknown)).toEqual([DAY, DAY, DAY]);
    const cleo = await user({ uid: 'cleo', from: new Date(Date.now() - DAY) });
    expect(sum(cleo.days.map(({ unknown }) => unknown))).toBeGreaterThan(DAY - HOUR);
    expect(sum(cleo.days.map(({ online }) => online))).toBeLessThan(HOUR);
    expect(sum(cleo.days.map(({ offline }) => offline))).toBe(0);
  });

  test('of everybody counts who was there, and the most at once', async () => {
    const { days, months, weeks, hours, heatMap } = await summary(threeDays);
    expect(days).toEqual([
      { day: dayOf(day0), active: 2, peak: 2 },
      { day: dayOf(day0 + DAY), active: 1, peak: 1 },
      { day: dayOf(day0 + 2 * DAY), active: 1, peak: 1 },
    ]);
    expect(sum(months.map(({ active }) => active))).toBeGreaterThanOrEqual(2);
    expect(sum(weeks.map(({ active }) => active))).toBeGreaterThanOrEqual(2);
    expect(hours).toHaveLength(24);
    expect(hours[11]).toEqual({ hour: 11, peak: 2, average: 0.67 });
    expect(hours[20]).toEqual({ hour: 20, peak: 0, average: 0 });
    const weekday = (new Date(day0).getUTCDay() + 6) % 7;
    expect(heatMap[weekday]![10]).toBe(2);
    expect(heatMap[weekday]![13]).toBe(1);
    expect(heatMap[(weekday + 1) % 7]![22]).toBe(1);
    expect(heatMap[(weekday + 4) % 7]).toEqual(Array(24).fill(null));
  });

  test('of everybody until now ends with those who are there now', async () => {
    const { days, to } = await summary({ from: new Date(day0) });
    expect(Date.now() - to.getTime()).toBeLessThan(MINUTE);
    expect(days).toHaveLength(15);
    expect(days.at(-1)).toEqual({ day: dayOf(Date.now()), active: 1, peak: 1 });
    expect(days[7]).toEqual({ day: dayOf(day0 + 7 * DAY), active: 0, peak: 0 });
    expect((await summary({})).days.length).toBeGreaterThan(29); // thirty days, cut short at both ends
  });

  test.each<[object, string]>([
    [{ timeZone: 'Mars/Olympus' }, 'timeZone'],
    [{ from: '2020-01-02T00:00:00Z', to: '2020-01-01T00:00:00Z' }, 'from'],
    [{ from: '2001-01-01T00:00:00Z' }, 'from'],
    [{ to: 'tomorrow' }, 'to'],
  ])('refuses %p', async (params, field) => {
    const refused = { type: 'INVALID_ARGUMENT', data: { field } };
    await expect(summary(params)).rejects.toMatchObject(refused);
    await expect(user({ uid: 'ann', ...params })).rejects.toMatchObject(refused);
  });

  test('of a user whose history was erased is unknown until then, whatever comes later; all times are whole milliseconds', async () => {
    await core.call('newConnection', 'dora', 's', CORE);
    await core.call('removeConnection', 'dora', 's');
    await core.broker.call('history.erase', { uid: 'dora' });
    const from = new Date(Date.now() - 30 * DAY);
    const days = async () => (await user({ uid: 'dora', from })).days;
    expect(sum((await days()).map(({ unknown }) => unknown))).toBeGreaterThan(29 * DAY);
    await core.call('newConnection', 'dora', 's', CORE);
    const now = await days();
    expect(sum(now.map(({ unknown }) => unknown))).toBeGreaterThan(29 * DAY);
    expect(sum(now.map(({ offline }) => offline))).toBeLessThan(HOUR);
    const times = now.flatMap(({ day: _day, ...spent }) => Object.values(spent));
    expect(times.filter((ms) => !Number.isInteger(ms))).toEqual([]);
    const why = JSON.stringify(await core.call('explain', 'dora'));
    expect(why.match(/Ms":-?\d+\.\d+/g)).toBeNull();
  });
});
