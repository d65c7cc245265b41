import type { MetricRegistry } from 'moleculer';
import type { PresenceChange } from '../domain/presence';
import { CAUSES } from '../domain/types';
import { projectVersion } from './http/project-root';
import { registerMetrics, type MetricSpec } from './metric-specs';
import type { Reaped } from './replicas/reaper';
import type { StoredInstance } from './store/instance-port';
import type { StatusCounts } from './store/port';

const SECOND = 1000;

const SPECS: readonly MetricSpec[] = [
  {
    name: 'presence.users',
    type: 'gauge',
    unit: 'users',
    labelNames: ['status'],
    description: 'Users shown with each status',
  },
  {
    name: 'presence.instance.sessions',
    type: 'gauge',
    unit: 'sessions',
    labelNames: ['instance_id'],
    description: 'Sessions of each instance',
  },
  // For one release: under the name that Prometheus gave its label `instance`, which collided with its own.
  {
    name: 'presence.sessions',
    type: 'gauge',
    unit: 'sessions',
    labelNames: ['exported_instance'],
    description: 'The former name of presence_instance_sessions',
  },
  { name: 'presence.queue', type: 'gauge', unit: 'commands', description: 'Commands waiting in this node' },
  {
    name: 'presence.node.info',
    type: 'gauge',
    labelNames: ['node_id', 'bus_namespace', 'version'],
    description: 'Always 1; its labels say which node this is',
  },
  { name: 'presence.bus.up', type: 'gauge', description: '1 while this node is on its bus, 0 while it is not' },
  { name: 'presence.store.up', type: 'gauge', description: '1 while the store works, 0 while its operations fail' },
  { name: 'presence.leader', type: 'gauge', description: '1 while this replica does the jobs that one replica does' },
  {
    name: 'presence.changes.total',
    type: 'counter',
    unit: 'changes',
    labelNames: ['cause'],
    labelValues: CAUSES,
    description: 'Changes told, by cause',
  },
  { name: 'presence.repairs.total', type: 'counter', unit: 'users', description: 'Users put right by the reconciler' },
  {
    name: 'presence.ghosts.total',
    type: 'counter',
    unit: 'sessions',
    description: 'Sessions ended because their lease was over',
  },
  { name: 'presence.nodes.lost.total', type: 'counter', unit: 'nodes', description: 'Nodes whose sessions were ended' },
  {
    name: 'presence.cache.users.total',
    type: 'counter',
    unit: 'users',
    labelNames: ['from'],
    labelValues: ['memory', 'store'],
    description: 'Users read, by where from',
  },
  histogram('presence.ghosts.age', 'seconds', 'Age of the lease of a session ended', [150, 160, 180, 240, 600, 3600]),
  histogram('presence.batch.size', 'commands', 'Commands of a flush', [1, 4, 16, 64, 128, 256, 512]),
  histogram('presence.flush.time', 'milliseconds', 'Time of a flush', [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 5000]),
  histogram(
    'presence.expiry.lateness',
    'milliseconds',
    'How late a claim ended',
    [100, 250, 500, 750, 1000, 2000, 10_000],
  ),
];

/** How this node stands. */
export interface NodeState {
  readonly queued: number;
  readonly busUp: boolean;
  readonly storeUp: boolean;
  readonly leads: boolean;
}

/** What is stored: told by the leader alone, for it is the same wherever it is counted. */
export interface Counted {
  readonly users: StatusCounts;
  readonly instances: readonly StoredInstance[];
}

/** The node's own metrics, in the broker's registry, whose reporters show them (docs/OPERATIONS.md). Costs nothing while metrics are off. */
export class PresenceMetrics {
  constructor(private readonly registry: MetricRegistry) {
    registerMetrics(registry, SPECS);
    const { nodeID, namespace } = registry.broker;
    registry.set('presence.node.info', 1, { node_id: nodeID, bus_namespace: namespace, version: projectVersion() });
  }

  get isOn(): boolean {
    return this.registry.isEnabled();
  }

  flushed({ commands, tookMs }: { readonly commands: number; readonly tookMs: number }): void {
    this.registry.observe('presence.batch.size', commands);
    this.registry.observe('presence.flush.time', tookMs);
  }

  changed(changes: readonly PresenceChange[]): void {
    if (!this.isOn) return;
    for (const { before, after } of changes) {
      const { cause, at } = after.presenceChange ?? {};
      this.registry.increment('presence.changes.total', { cause });
      if (cause !== 'expiry' || !before.statusExpiresAt || !at) continue;
      this.registry.observe('presence.expiry.lateness', at.getTime() - before.statusExpiresAt.getTime());
    }
  }

  repaired(users: number): void {
    this.registry.increment('presence.repairs.total', undefined, users);
  }

  reaped({ agesMs }: Reaped): void {
    this.registry.increment('presence.ghosts.total', undefined, agesMs.length);
    for (const ageMs of agesMs) this.registry.observe('presence.ghosts.age', ageMs / SECOND);
  }

  nodeLost(): void {
    this.registry.increment('presence.nodes.lost.total');
  }

  read(known: number, missing: number): void {
    this.registry.increment('presence.cache.users.total', { from: 'memory' }, known);
    this.registry.increment('presence.cache.users.total', { from: 'store' }, missing);
  }

  state({ queued, busUp, storeUp, leads }: NodeState): void {
    this.registry.set('presence.queue', queued);
    this.registry.set('presence.bus.up', busUp ? 1 : 0);
    this.registry.set('presence.store.up', storeUp ? 1 : 0);
    this.registry.set('presence.leader', leads ? 1 : 0);
  }

  /** @param counted absent where another replica counts */
  counted(counted: Counted | undefined): void {
    if (!this.isOn) return;
    // What another replica counts now must not stay here as it was when this one counted.
    this.clear('presence.users');
    this.clear('presence.instance.sessions');
    this.clear('presence.sessions');
    for (const [status, users] of Object.entries(counted?.users ?? {})) {
      this.registry.set('presence.users', users, { status });
    }
    for (const { instanceId, sessions } of counted?.instances ?? []) {
      this.registry.set('presence.instance.sessions', sessions, { instance_id: instanceId });
      this.registry.set('presence.sessions', sessions, { exported_instance: instanceId });
    }
  }

  private clear(name: string): void {
    // Moleculer's types leave out what its metrics can do.
    (this.registry.getMetric(name) as unknown as { clear(): void }).clear();
  }
}

function histogram(name: string, unit: string, description: string, buckets: number[]): MetricSpec {
  return { name, type: 'histogram', unit, description, buckets };
}
