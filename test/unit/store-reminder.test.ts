import { ServiceBroker, type LoggerInstance } from 'moleculer';
import { Availability, type Part } from '../../lib/store/availability';
import type { PresenceStore } from '../../lib/store/port';
import { storeMixin } from '../../mixins/store.mixin';

test('a store that stays away is told of once a minute, until it is back or the node stops', async () => {
  const availability = new Availability();
  const store = { availability, open: async () => {}, close: async () => {} } as unknown as PresenceStore; // all that is asked of it
  const broker = new ServiceBroker({ logger: false });
  const service = broker.createService({ name: 'witness', mixins: [storeMixin(store)] });
  const lines: string[] = [];
  const say = (line: string) => lines.push(line);
  service.logger = { ...service.logger, error: say, warn: say } as unknown as LoggerInstance;
  const part: Part = { retry: async () => {} };
  jest.useFakeTimers();
  try {
    availability.failed(part, 'MongoDB at a:1: no');
    jest.advanceTimersByTime(150_000);
    expect(lines).toEqual(Array(3).fill(expect.stringContaining('store unavailable: MongoDB at a:1: no')));
    availability.works(part);
    jest.advanceTimersByTime(150_000);
    expect(lines).toHaveLength(4);
    expect(lines[3]).toMatch(/^store available again after/);
  } finally {
    jest.useRealTimers();
  }
});
