import { CHANGED } from '../../mixins/change-hook';
import { startReplica, type Replica } from '../helpers/replica';

/** Each word of a change has the feed read a user anew, and wait before it reads again. */
describe('services of this process hear of what was written', () => {
  let replica: Replica;
  const heard: (readonly string[])[] = [];
  beforeAll(async () => {
    replica = await startReplica({ nodeID: 'presence-1' });
    replica.broker.localBus.on(CHANGED, (uids: readonly string[]) => heard.push(uids));
  });
  afterAll(() => replica.stop());
  beforeEach(() => heard.splice(0));

  test.each([
    ['newConnection', ['ann', 's1', 'core-1']],
    ['setStatus', ['ann', 'busy', 'in a meeting']],
    ['removeConnection', ['ann', 's1', 'core-1']],
  ])('once of what %s changes', async (action, args) => {
    await replica.broker.call(`presence.${action}`, args);
    expect(heard).toEqual([['ann']]);
  });

  test('also while nothing is broadcast, and not of what changes nothing', async () => {
    await replica.broker.call('presence.toggleBroadcast', [false]);
    await replica.broker.call('presence.newConnection', ['bob', 's2', 'core-1']);
    await replica.broker.call('presence.updateConnection', ['bob', 's2']);
    expect(heard).toEqual([['bob']]);
  });
});
