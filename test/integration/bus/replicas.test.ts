import type { Replica as Seen } from '../../../lib/replicas/replicas';
import { BusFixture } from '../../helpers/bus-fixture';
import { eventually } from '../../helpers/eventually';
import type { RocketChatNode } from '../../helpers/rocket-chat-node';

/** Who serves presence, as each of those who do tells it. */
describe('replicas', () => {
  let bus: BusFixture;
  let core: RocketChatNode;

  beforeAll(async () => {
    bus = await BusFixture.start();
    await bus.replica({ nodeID: 'presence-a' });
    await bus.replica({ nodeID: 'presence-b' });
    core = await bus.rocketChat('core-1');
  });
  afterAll(() => bus.stop());

  const seenBy = (nodeID: string) => core.callAt<Seen[]>(nodeID, 'replicas');

  it('are told by each of them, in order, with the one that leads and the one that was asked', async () => {
    await eventually(async () => {
      for (const asked of ['presence-a', 'presence-b']) {
        const replicas = await seenBy(asked);
        expect(replicas.map(({ nodeID, here, answers, role }) => ({ nodeID, here, answers, role }))).toEqual(
          ['presence-a', 'presence-b'].map((nodeID) => ({
            nodeID,
            here: nodeID === asked,
            answers: true,
            role: 'owner',
          })),
        );
        expect(replicas.filter(({ leader }) => leader)).toHaveLength(1);
      }
    });
    const [ofA, ofB] = [await seenBy('presence-a'), await seenBy('presence-b')];
    expect(ofA.find(({ leader }) => leader)?.nodeID).toBe(ofB.find(({ leader }) => leader)?.nodeID);
  });

  it('one that is of another make, and knows nothing of this, is listed as silent', async () => {
    const other = await bus.rocketChat('upstream-1', [
      { name: 'presence', actions: { newConnection: () => undefined } },
    ]);
    const replicas = await seenBy('presence-a');
    expect(replicas.find(({ nodeID }) => nodeID === 'upstream-1')).toEqual({
      nodeID: 'upstream-1',
      here: false,
      answers: false,
      leader: false,
    });
    await bus.leave(other);
    await eventually(async () =>
      expect((await seenBy('presence-a')).map(({ nodeID }) => nodeID)).not.toContain('upstream-1'),
    );
  });
});
