import type { ServiceBroker } from 'moleculer';
import { registerMetrics, type MetricSpec } from '../metric-specs';
import { DROP_REASONS, type DropReason } from './packet-check';

const METRIC = 'presence.bus.dropped.total';
const SPEC: MetricSpec = {
  name: 'presence.bus.dropped.total',
  type: 'counter',
  labelNames: ['reason'],
  labelValues: DROP_REASONS,
  description: 'Packets of the bus dropped, by reason',
};

const SAY_EVERY_MS = 60_000;

/** Counts what of the bus was dropped, by reason, and says it in the log: the first at once, then once a minute at most. */
export class PacketDrops {
  private readonly sinceSaid = new Map<DropReason, number>();
  private saidAtMs = -Infinity;

  constructor(private readonly broker: Pick<ServiceBroker, 'metrics' | 'getLogger'>) {
    registerMetrics(broker.metrics, [SPEC]);
  }

  /** @param sender whose name the packet bears, whoever has sent it */
  add(reason: DropReason, sender: unknown, error?: Error): void {
    this.broker.metrics.increment(METRIC, { reason });
    this.sinceSaid.set(reason, (this.sinceSaid.get(reason) ?? 0) + 1);
    const nowMs = performance.now();
    if (nowMs - this.saidAtMs < SAY_EVERY_MS) return;
    this.saidAtMs = nowMs;
    const counts = [...this.sinceSaid].map(([name, count]) => `${count} ${name}`).join(', ');
    const from = typeof sender === 'string' ? JSON.stringify(sender.slice(0, 80)) : 'an unnamed node';
    this.broker
      .getLogger('bus')
      .warn(`dropped packets of the bus: ${counts}; the last was sent as ${from}`, ...(error ? [error] : []));
    this.sinceSaid.clear();
  }
}

const ofBrokers = new WeakMap<ServiceBroker, PacketDrops>();

/** Of this process's broker. */
export function dropsOf(broker: ServiceBroker): PacketDrops {
  let drops = ofBrokers.get(broker);
  if (!drops) ofBrokers.set(broker, (drops = new PacketDrops(broker)));
  return drops;
}
