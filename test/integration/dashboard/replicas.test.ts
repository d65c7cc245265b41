import { DashboardFixture, type StartedNode } from '../../helpers/dashboard-fixture';
import { eventually } from '../../helpers/eventually';
import { inBrowser } from '../../helpers/suites';

/** It looks again every ten seconds. */
const PATIENT = { timeoutMs: 30_000 };

/** The list of replicas, with real ones behind. */
inBrowser('dashboard, replicas')('replicas in the dashboard', () => {
  let fixture: DashboardFixture;
  let second: StartedNode | undefined;

  beforeAll(async () => {
    fixture = await DashboardFixture.start();
  }, 60_000);
  afterAll(async () => {
    await second?.process.end('SIGKILL');
    await fixture?.stop();
  });

  test('each is shown with what it does; one that is silent is said to be, one that has gone is not there', async () => {
    const { page, faults } = await fixture.visit();
    await fixture.signIn(page);
    const row = (id: string) => page.locator('#replicas li', { hasText: id });
    const says = (id: string, ...tags: string[]) =>
      eventually(async () => expect(await row(id).locator('.tag').allTextContents()).toEqual(tags), PATIENT);
    await says(fixture.nodeID, 'leader', 'owner', 'answers here');
    second = await fixture.addNode();
    await says(second.id, 'owner');
    process.kill(second.process.pid, 'SIGSTOP');
    await says(second.id, 'does not answer');
    process.kill(second.process.pid, 'SIGCONT');
    await says(second.id, 'owner');
    await second.process.end('SIGTERM');
    await eventually(async () => expect(await row(second!.id).count()).toBe(0), PATIENT);
    await says(fixture.nodeID, 'leader', 'owner', 'answers here');
    expect(faults).toEqual([]);
  }, 150_000);
});
