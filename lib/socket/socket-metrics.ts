import type { MetricRegistry } from 'moleculer';
import { registerMetrics, type MetricSpec } from '../metric-specs';

/** What is sent to clients. */
const FRAME_KINDS = ['hello', 'snapshot', 'resumed', 'changes', 'pong', 'error'] as const;

export type FrameKind = (typeof FRAME_KINDS)[number];

const SPECS: readonly MetricSpec[] = [
  {
    name: 'presence.socket.clients',
    type: 'gauge',
    unit: 'clients',
    description: 'WebSocket clients connected to this node',
  },
  {
    name: 'presence.socket.frames.total',
    type: 'counter',
    unit: 'frames',
    labelNames: ['kind'],
    labelValues: FRAME_KINDS,
    description: 'Frames sent to clients',
  },
  {
    name: 'presence.socket.slow.total',
    type: 'counter',
    unit: 'clients',
    description: 'Clients that did not read fast enough',
  },
  {
    name: 'presence.feed.lag',
    type: 'histogram',
    unit: 'milliseconds',
    description: 'From the word of a change to its frames',
    buckets: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 5000],
  },
];

/** Metrics of the feed and its clients, in the broker's registry (docs/OPERATIONS.md). Costs nothing while metrics are off. */
export class SocketMetrics {
  constructor(private readonly registry: MetricRegistry) {
    registerMetrics(registry, SPECS);
    this.clients(0);
  }

  clients(count: number): void {
    this.registry.set('presence.socket.clients', count);
  }

  sent(kind: FrameKind): void {
    if (this.registry.isEnabled()) this.registry.increment('presence.socket.frames.total', { kind });
  }

  slow(): void {
    this.registry.increment('presence.socket.slow.total');
  }

  lag(ms: number): void {
    this.registry.observe('presence.feed.lag', ms);
  }
}
