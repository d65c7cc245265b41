import { DashboardFixture } from '../../helpers/dashboard-fixture';
import { checkPage, tabThrough, type PageFaults } from '../../helpers/page-checks';
import { inBrowser } from '../../helpers/suites';

/** The dashboard for everybody: labels, contrast, focus, small windows, a strict Content-Security-Policy. */
inBrowser('dashboard, accessibility')('accessibility of the dashboard', () => {
  let fixture: DashboardFixture;

  beforeAll(async () => {
    fixture = await DashboardFixture.start();
    await fixture.call('upsertUsers', [
      { _id: 'ann', username: 'ann', name: 'Ann Smith' },
      {
        _id: 'bob',
        username: 'bob',
        name: 'A name that is so long that no row of any list has the room that it would need',
      },
    ]);
    for (const uid of ['ann', 'bob', 'cleo']) await fixture.call('newConnection', uid, `${uid}-1`, 'core-1');
    await fixture.call('setStatus', 'ann', 'busy', 'in a meeting', new Date(Date.now() + 600_000));
    await fixture.call('setConnectionStatus', 'bob', 'away', 'bob-1');
  }, 60_000);
  afterAll(() => fixture?.stop());

  const noFault = { unlabelled: [], doubleIds: [], faint: [], tooWide: [] };
  const looked = ({ controls, texts }: PageFaults) => ({ controls, texts });

  test.each([
    ['light', 1280],
    ['dark', 1280],
    ['light', 340],
  ] as const)('%s, %i px wide: everything is labelled, legible and in the window', async (colorScheme, width) => {
    const { page, context, faults } = await fixture.visit({ colorScheme, width });
    expect(await checkPage(page)).toMatchObject({ ...noFault, controls: 3 });
    await fixture.signIn(page);
    await page.getByRole('option', { name: 'Ann Smith' }).waitFor();
    await page.locator('.chart canvas').waitFor();
    const overview = await checkPage(page);
    expect(overview).toMatchObject(noFault);
    expect(looked(overview).controls).toBeGreaterThan(9);
    await page.getByRole('option', { name: 'Ann Smith' }).click();
    await page.getByText('Shown as busy').waitFor();
    const withPanel = await checkPage(page);
    expect(withPanel).toMatchObject(noFault);
    expect(withPanel.texts).toBeGreaterThan(overview.texts);
    await context.close();
    expect(faults).toEqual([]);
  });

  test('Tab goes from the top to the bottom, and one sees where it is', async () => {
    const { page, context } = await fixture.visit();
    await fixture.signIn(page);
    await page.getByRole('option', { name: 'Ann Smith' }).waitFor();
    const steps = await tabThrough(page, 8);
    expect(steps.map(({ id }) => id)).toEqual([
      'Skip to people',
      'API',
      'Dark theme',
      'Sign out',
      'people-search',
      'filter-all',
      'people-list',
      expect.any(String),
    ]);
    expect(steps.slice(0, 7).filter(({ seen }) => !seen)).toEqual([]);
    await page.getByText('Skip to people').focus();
    await page.keyboard.press('Enter');
    expect(await page.evaluate<string>('document.activeElement.id')).toBe('people-search');
    await context.close();
  });

  test('a button that is held down long still chooses a row, though it changes meanwhile', async () => {
    const { page, context } = await fixture.visit();
    await fixture.signIn(page);
    const row = page.getByRole('option', { name: 'cleo' });
    await page.locator('.chart canvas').waitFor();
    const { x, y, width, height } = (await row.locator('.name').boundingBox())!;
    await page.mouse.move(x + width / 2, y + height / 2);
    await page.mouse.down();
    await fixture.call('setStatus', 'cleo', 'busy', 'writing');
    await row.getByText('writing').waitFor();
    await page.mouse.up();
    await page.getByRole('complementary').getByRole('heading', { name: 'cleo' }).waitFor();
    await fixture.call('setStatus', 'cleo', 'online');
    await context.close();
  });

  test('there are landmarks, one heading of the first level, and headings of the parts', async () => {
    const { page, context } = await fixture.visit();
    await fixture.signIn(page);
    for (const landmark of ['banner', 'main'] as const) expect(await page.getByRole(landmark).count()).toBe(1);
    expect(await page.getByRole('heading', { level: 1 }).count()).toBe(1);
    expect(await page.getByRole('heading', { level: 2 }).allTextContents()).toEqual([
      'The last day',
      'People',
      'Busiest instances',
      'Replicas',
      'Webhooks',
    ]);
    await page.getByRole('region', { name: 'People by status' }).waitFor();
    await context.close();
  });

  test('the page lets no script run but its own', async () => {
    const policy = (await fetch(fixture.url)).headers.get('content-security-policy') ?? '';
    expect(policy.split(';').map((part) => part.trim())).toEqual(
      expect.arrayContaining(["default-src 'self'", "script-src 'self'", "object-src 'none'"]),
    );
  });
});
