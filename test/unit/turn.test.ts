import { ServiceBroker } from 'moleculer';
import { turnMixin } from '../../mixins/turn.mixin';
import { eventually } from '../helpers/eventually';

test('what goes on all the time does not begin again while its service stops', async () => {
  const steps: string[] = [];
  let ends!: () => void;
  const broker = new ServiceBroker({ logger: false, nodeID: 'presence-1' });
  broker.createService({
    name: 'turns',
    mixins: [
      turnMixin({
        name: 'turning',
        isOurs: () => true,
        begin: () => steps.push('begins'),
        end: () => {
          steps.push('is told to end');
          return new Promise<void>((resolve) => (ends = resolve)).then(() => void steps.push('ended'));
        },
      }),
    ],
  });
  await broker.start();
  await eventually(() => expect(steps).toEqual(['begins']));
  const stopped = broker.stop();
  await eventually(() => expect(steps).toContain('is told to end'));
  const toldAtMs = performance.now();
  await eventually(() => expect(performance.now() - toldAtMs).toBeGreaterThan(700)); // longer than from look to look
  ends();
  await stopped;
  expect(steps).toEqual(['begins', 'is told to end', 'ended']);
});
