import type { Page } from 'playwright-core';
import { DashboardFixture, READ_TOKEN } from '../../helpers/dashboard-fixture';
import { eventually } from '../../helpers/eventually';
import { inBrowser } from '../../helpers/suites';

const PATIENT = { timeoutMs: 15_000 };

/** The dashboard as people use it: a real Chromium before a real node. */
inBrowser('dashboard')('dashboard', () => {
  let fixture: DashboardFixture;
  const unwatched: (() => Promise<void>)[] = [];

  beforeAll(async () => {
    fixture = await DashboardFixture.start();
  }, 60_000);
  afterEach(async () => {
    for (const close of unwatched.splice(0)) await close();
  });
  afterAll(() => fixture?.stop());

  /** A page whose console stays silent; held against at the end of each test. */
  async function visit(options: Parameters<DashboardFixture['visit']>[0] = {}) {
    const watched = await fixture.visit(options);
    unwatched.push(async () => {
      await watched.context.close();
      expect(watched.faults).toEqual([]);
    });
    return watched;
  }

  async function signedIn(options: Parameters<DashboardFixture['visit']>[0] = {}): Promise<Page> {
    const { page } = await visit(options);
    await fixture.signIn(page);
    return page;
  }

  const core = (action: string, ...args: unknown[]) => fixture.call(action, ...args);
  /** Names users. */
  const named = (...users: { _id: string; username?: string; name?: string }[]) => core('upsertUsers', users);
  const comes = (uid: string, session = `${uid}-1`) => core('newConnection', uid, session, 'core-1');
  const goes = (uid: string, session = `${uid}-1`) => core('removeConnection', uid, session);
  const countOf = (page: Page, status: string) => page.locator(`dd[data-count="${status}"]`);
  const row = (page: Page, name: string) => page.getByRole('option', { name });
  const panel = (page: Page) => page.getByRole('complementary');

  /** Types into the search as a person does. */
  async function search(page: Page, words: string): Promise<void> {
    await page.keyboard.press('/');
    await page.keyboard.press('ControlOrMeta+a');
    await page.keyboard.type(words);
  }

  test('a wrong token is told, stays out of the address, and a right one lets in and is kept for the tab alone', async () => {
    const { page, faults } = await visit();
    await page.getByLabel('Access token').fill('not-one-of-the-tokens');
    await page.keyboard.press('Enter');
    await eventually(async () => {
      expect(await page.getByRole('alert').textContent()).toBe('This token is not known here.');
    });
    // The browser itself tells of the refused request, and of nothing else.
    expect(faults.splice(0)).toEqual([expect.stringContaining('401')]);
    expect(await page.evaluate<string>('document.activeElement.id')).toBe('token');
    await fixture.signIn(page);
    expect(page.url()).toBe(`${fixture.url}/`);
    expect(await page.context().cookies()).toEqual([]);
    expect(await page.evaluate<string[]>('Object.keys(localStorage)')).toEqual([]);
    await page.reload();
    await page.getByText('Live', { exact: true }).waitFor();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.reload();
    await page.getByLabel('Access token').waitFor();
  });

  test('who comes, turns busy and goes is seen without a reload, in the list and in the counts', async () => {
    await named({ _id: 'ann', username: 'ann.smith', name: 'Ann Smith' });
    const page = await signedIn();
    await row(page, 'Ann Smith').waitFor();
    const before = Number(await countOf(page, 'online').textContent());
    await comes('ann');
    await eventually(async () => {
      expect(await row(page, 'Ann Smith').textContent()).toContain('online');
      expect(await countOf(page, 'online').textContent()).toBe(String(before + 1));
    });
    await core('setStatus', 'ann', 'busy', 'in a meeting');
    await eventually(async () => {
      expect(await row(page, 'Ann Smith').textContent()).toContain('in a meeting');
      expect(await countOf(page, 'busy').textContent()).toBe('1');
    });
    await goes('ann');
    await eventually(async () => {
      expect(await row(page, 'Ann Smith').textContent()).toContain('offline');
      expect(await countOf(page, 'busy').textContent()).toBe('0');
    });
    await core('setStatus', 'ann', 'online');
  });

  test('people are found by name, username and id, and filtered by status', async () => {
    await named(
      { _id: 'id-of-bob', username: 'bob.builder', name: 'Robert Mason' },
      { _id: 'id-of-cleo', username: 'cleo', name: 'Cleo Patra' },
    );
    await comes('id-of-bob');
    const page = await signedIn();
    await row(page, 'Cleo Patra').waitFor();
    for (const words of ['robert', 'BUILDER', 'id-of-b', 'mason rob']) {
      await search(page, words);
      await eventually(async () => expect(await page.getByRole('option').count()).toBe(1));
      expect(await page.getByRole('option').textContent()).toContain('Robert Mason');
    }
    await search(page, 'nobody at all');
    await page.getByText('Nobody here.').waitFor();
    await search(page, ' ');
    const filter = (status: string) => page.locator('.segments label', { hasText: status }).click();
    await filter('offline');
    await row(page, 'Cleo Patra').waitFor();
    expect(await row(page, 'Robert Mason').count()).toBe(0);
    await filter('online');
    await row(page, 'Robert Mason').waitFor();
    expect(await row(page, 'Cleo Patra').count()).toBe(0);
    await goes('id-of-bob');
    await eventually(async () => expect(await row(page, 'Robert Mason').count()).toBe(0));
  });

  test('a person’s panel says why, follows what happens, and shows the history', async () => {
    await named({ _id: 'dora', username: 'dora', name: 'Dora Explorer' });
    await comes('dora');
    const page = await signedIn();
    await row(page, 'Dora Explorer').click();
    await panel(page).getByText('Shown as online, because the only session is online').waitFor();
    await panel(page).getByText('dora-1').waitFor();
    await core('setStatus', 'dora', 'away', 'back soon', new Date(Date.now() + 30 * 60_000));
    await panel(page).getByText('Shown as away, because the person set away').waitFor();
    await panel(page)
      .getByText(/In (29|30) min the status that holds now ends/)
      .waitFor();
    const changes = panel(page).locator('.history > li');
    await eventually(async () => {
      expect(await changes.first().textContent()).toContain('online → away');
      expect(await changes.nth(1).textContent()).toContain('offline → online');
    });
    await panel(page).getByRole('button', { name: 'Close' }).click();
    expect(await panel(page).count()).toBe(0);
    await goes('dora');
  });

  test('the last day’s legend tells what is there now while nobody points at a time', async () => {
    await named({ _id: 'lea', username: 'lea', name: 'Lea Gend' });
    await comes('lea');
    const page = await signedIn();
    const values = page.locator('.u-legend .u-value');
    await values.first().waitFor();
    const online = Number(await countOf(page, 'online').textContent());
    expect(online).toBeGreaterThan(0);
    expect(await values.allTextContents()).toEqual([expect.stringMatching(/^\d\d:\d\d$/), String(online), '0', '0']);
    await page.locator('.u-over').hover({ position: { x: 10, y: 10 } });
    await eventually(async () => expect(await values.nth(1).textContent()).toBe('0'));
    await page.mouse.move(0, 0);
    await eventually(async () => expect(await values.nth(1).textContent()).toBe(String(online)));
    await goes('lea');
  });

  test('what a person wrote is text and nothing else', async () => {
    const text = '<img src=x onerror="document.title=1"><b>bold</b>';
    await named({ _id: 'eve', username: 'eve', name: text });
    await comes('eve');
    const page = await signedIn();
    await core('setStatus', 'eve', 'busy', text.slice(0, 40));
    await search(page, 'eve');
    await page.keyboard.press('Enter');
    await eventually(async () => expect(await panel(page).getByRole('heading', { level: 2 }).textContent()).toBe(text));
    expect(await page.locator('#app img, #app b').count()).toBe(0);
    await goes('eve');
  });

  test('everything can be reached and done by the keyboard alone', async () => {
    await named({ _id: 'kay', username: 'kay', name: 'Kay Board' }, { _id: 'kim', username: 'kim', name: 'Kay Bim' });
    const { page } = await visit();
    const focused = () => page.evaluate<string>('document.activeElement.id');
    await page.keyboard.type('admin-token-of-the-tests');
    await page.keyboard.press('Enter');
    await page.getByText('Live', { exact: true }).waitFor();
    await row(page, 'Kay Board').waitFor();
    await search(page, 'kay b');
    await eventually(async () => expect(await page.getByRole('option').count()).toBe(2));
    await page.keyboard.press('ArrowDown');
    expect(await focused()).toBe('people-list');
    await page.keyboard.press('ArrowDown');
    const active = () => page.locator('#people-list').getAttribute('aria-activedescendant');
    expect(await active()).toBe('people-list-kay');
    await page.keyboard.press('ArrowUp');
    expect(await active()).toBe('people-list-kim');
    await page.keyboard.press('End');
    await page.keyboard.press('Enter');
    expect(await focused()).toBe('person-name');
    await panel(page).getByRole('heading', { name: 'Kay Board' }).waitFor();
    await page.keyboard.press('Escape');
    expect(await panel(page).count()).toBe(0);
    expect(await focused()).toBe('people-list');
    await page.keyboard.press('Shift+Tab');
    expect(await focused()).toBe('filter-all');
    await page.keyboard.press('ArrowRight');
    expect(await focused()).toBe('filter-online');
    await page.keyboard.press('Shift+Tab');
    expect(await focused()).toBe('people-search');
  });

  test('dark follows the system, can be switched, and is remembered', async () => {
    const page = await signedIn({ colorScheme: 'dark' });
    const background = () => page.evaluate<string>('getComputedStyle(document.body).backgroundColor');
    expect(await background()).toBe('rgb(15, 19, 25)');
    await page.getByRole('button', { name: 'Light theme' }).click();
    expect(await background()).toBe('rgb(244, 245, 247)');
    await page.reload();
    await page.getByRole('button', { name: 'Dark theme' }).waitFor();
    expect(await background()).toBe('rgb(244, 245, 247)');
  });

  test('with a token that may only read there are claims instead of reasons, and no webhooks', async () => {
    await named({ _id: 'flo', username: 'flo', name: 'Flo Rist' });
    await comes('flo');
    await core('setStatus', 'flo', 'busy', 'arranging');
    const { page } = await visit();
    await fixture.signIn(page, READ_TOKEN);
    expect(await page.getByRole('heading', { name: 'Webhooks' }).count()).toBe(0);
    await row(page, 'Flo Rist').click();
    await panel(page).getByText('holds now').waitFor();
    await panel(page).getByText('Sessions and reasons are shown to admins.').waitFor();
    await goes('flo');
  });

  test('a node that dies and comes back is found again, and what is shown is what is there now', async () => {
    await named({ _id: 'gus', username: 'gus', name: 'Gus Tav' });
    await comes('gus');
    const { page, faults } = await visit();
    await fixture.signIn(page);
    await eventually(async () => expect(await row(page, 'Gus Tav').textContent()).toContain('online'));
    await fixture.replaceNode();
    await comes('hal');
    await page.getByText('Live', { exact: true }).waitFor();
    await row(page, 'hal').waitFor();
    await eventually(async () => {
      expect(await row(page, 'Gus Tav').textContent()).toContain('offline');
      expect(await countOf(page, 'online').textContent()).toBe('1');
    }, PATIENT);
    // The browser tells of each connection that failed meanwhile.
    const other = faults.splice(0).filter((fault) => !/ERR_CONNECTION|WebSocket connection|Failed to load/.test(fault));
    expect(other).toEqual([]);
  }, 60_000);
});
