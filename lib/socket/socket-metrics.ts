import type { BaseMetricOptions, MetricRegistry } from 'moleculer';

/** What is sent to clients. */
export type FrameKind = 'hello' | 'snapshot' | 'resumed' | 'changes' | 'pong' | 'error';

const SPECS: readonly BaseMetricOptions[] = [
  { name: 'presence.socket.clients', type: 'gauge', description: 'WebSocket clients connected to this node' },
  { name: 'presence.socket.frames.total', type: 'counter', labelNames: ['kind'], description: 'Frames sent to them' },
  { name: 'presence.socket.slow.total', type: 'counter', description: 'Clients that did not read fast enough' },
  {
    name: 'presence.feed.lag',
    type: 'histogram',
    unit: 'ms',
    description: 'From the word of a change to its frames',
    buckets: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 5000],
  },
];

/** Metrics of the feed and its clients, in the broker's registry (docs/OPERATIONS.md). Costs nothing while metrics are off. */
export class SocketMetrics {
  constructor(private readonly registry: MetricRegistry) {
    if (!registry.isEnabled()) return;
    for (const spec of SPECS) if (!registry.hasMetric(spec.name)) registry.register(spec);
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
