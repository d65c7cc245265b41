import { DashboardFixture } from '../../helpers/dashboard-fixture';
import { eventually } from '../../helpers/eventually';
import { inBrowser } from '../../helpers/suites';

const PEOPLE = 10_000;
const PRESENT = 8_000;
const LEAVING = 3_000;
const AT_ONCE = 1_000;
const PATIENT = { timeoutMs: 30_000 };

/** Ten thousand people, and more changes in a day than a browser reads one by one. */
inBrowser('dashboard, many people')('the dashboard with ten thousand people', () => {
  let fixture: DashboardFixture;
  const uids = Array.from({ length: PEOPLE }, (_, i) => `u${i}`);

  async function eachOf(some: readonly string[], work: (uid: string) => Promise<unknown>): Promise<void> {
    for (let i = 0; i < some.length; i += AT_ONCE) await Promise.all(some.slice(i, i + AT_ONCE).map(work));
  }

  beforeAll(async () => {
    fixture = await DashboardFixture.start();
    for (let i = 0; i < PEOPLE; i += AT_ONCE) {
      const users = uids
        .slice(i, i + AT_ONCE)
        .map((uid, j) => ({ _id: uid, username: `user.${i + j}`, name: `Person ${i + j}` }));
      await fixture.call('upsertUsers', users);
    }
    await eachOf(uids.slice(0, PRESENT), (uid) => fixture.call('newConnection', uid, `${uid}-1`, 'core-1'));
    await eachOf(uids.slice(0, LEAVING), (uid) => fixture.call('removeConnection', uid, `${uid}-1`));
  }, 120_000);
  afterAll(() => fixture?.stop());

  test('all are there to be searched, few rows are in the page, and the day is summed by the hour', async () => {
    const { page, context, faults } = await fixture.visit();
    await fixture.signIn(page);
    await page.getByText('10,000 people', { exact: true }).waitFor();
    await eventually(async () => {
      expect(await page.locator('dd[data-count="online"]').textContent()).toBe('5,000');
      expect(await page.locator('dd[data-count="offline"]').textContent()).toBe('5,000');
    });
    expect(await page.getByRole('option').count()).toBeLessThan(60);
    await page.locator('#people-list').focus();
    await page.keyboard.press('End');
    await page.getByRole('option', { name: 'Person 9999' }).waitFor();
    await page.keyboard.press('/');
    await page.keyboard.type('person 4321');
    await page.getByText('1 person found').waitFor();
    await page.keyboard.press('Enter');
    await page.getByRole('complementary').getByText('the only session is online').waitFor();
    await eventually(async () => {
      expect(await page.locator('.u-legend').textContent()).toContain('There on average');
    }, PATIENT);
    await context.close();
    expect(faults).toEqual([]);
  }, 60_000);
});
