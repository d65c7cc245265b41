import type { Page } from 'playwright-core';
import { DashboardFixture } from '../../helpers/dashboard-fixture';
import { eventually } from '../../helpers/eventually';
import { HookReceiver, status } from '../../helpers/hook-receiver';
import { inBrowser } from '../../helpers/suites';

const PATIENT = { timeoutMs: 15_000 };

/** Webhooks as admins look after them, with a real receiver behind. */
inBrowser('dashboard, webhooks')('webhooks in the dashboard', () => {
  let fixture: DashboardFixture;
  let receiver: HookReceiver;
  let page: Page;
  let faults: string[];

  beforeAll(async () => {
    fixture = await DashboardFixture.start({ CALLBACKS_ALLOW_PRIVATE: 'true' });
    receiver = await HookReceiver.start();
    await fixture.callService('callbacks.register', { url: receiver.url, name: 'Intranet', statuses: ['busy'] });
    ({ page, faults } = await fixture.visit());
    await fixture.signIn(page);
  }, 60_000);
  afterAll(async () => {
    await receiver?.down();
    await fixture?.stop();
  });

  const hook = () => page.locator('#webhooks .hooks > li');
  const press = (name: string) =>
    hook()
      .getByRole('button', { name: `${name}: Intranet` })
      .click();
  const says = (text: string | RegExp) => page.locator('#webhooks').getByText(text).first().waitFor();

  test('a webhook is shown with what it is for, and can be tested', async () => {
    await says('Intranet');
    await says('changes to busy of everybody; 0 waiting, 0 given up');
    await press('Test');
    await says(/Testing Intranet: taken in \d+ ms/);
    expect(receiver.received.at(-1)!.body).toContain('presence.test');
    receiver.answer = status(418);
    await press('Test');
    await says(/Testing Intranet: not taken/);
    receiver.answer = status(200);
  });

  test('paused it gets nothing; what waits is seen, and sent when it is resumed', async () => {
    await press('Pause');
    await says('paused');
    await fixture.call('newConnection', 'ann', 'ann-1', 'core-1');
    await fixture.call('setStatus', 'ann', 'busy');
    await eventually(async () => expect(await hook().textContent()).toContain('1 waiting'), PATIENT);
    await press('Deliveries');
    await says('ann → busy');
    await hook().getByRole('button', { name: 'Resume: Intranet' }).click();
    await says('active');
    await eventually(() => expect(receiver.statuses).toContain('ann busy'), PATIENT);
    await eventually(async () => expect(await hook().textContent()).toContain('0 waiting'), PATIENT);
    await says('Nothing waits, and nothing was given up.');
  }, 60_000);

  test('what failed is shown with its error and is tried again on request', async () => {
    receiver.answer = status(503);
    await fixture.call('newConnection', 'bob', 'bob-1', 'core-1');
    await fixture.call('setStatus', 'bob', 'busy');
    await says(/503/);
    receiver.answer = status(200);
    await hook()
      .getByRole('button', { name: /^Retry bob/ })
      .click();
    await eventually(() => expect(receiver.statuses.filter((one) => one === 'bob busy')).not.toEqual([]));
    await eventually(async () => expect(await hook().textContent()).toContain('0 waiting'), PATIENT);
    expect(faults).toEqual([]);
  }, 60_000);
});
