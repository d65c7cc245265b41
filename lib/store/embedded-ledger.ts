import { Turns } from '../turns';
import type { Availability } from './availability';
import { DocumentFile } from './document-file';
import type { ConnectionCounts } from './port';

/** A count not heard of for this long is that of an instance that is gone: living ones are heard every 10 s (contract 5.2). */
const HEARD_FOR_MS = 5 * 60_000;
const BROADCAST = 'broadcast';
const PEAK = 'peak';

interface StateDocument {
  readonly _id: string;
  readonly enabled?: boolean;
  readonly peak?: number;
}

interface Heard {
  /** Absent while none was told. */
  readonly connections?: number;
  readonly atMs: number;
}

/** Names that others send must not fill the memory: those not heard of for longest make room. */
const MAX_HEARD = 10_000;

/**
 * The few things the embedded store keeps beside users and sessions: the broadcast switch and the peak,
 * both durable, and the counts heard from Rocket.Chat's instances, which instances tell again by themselves.
 */
export class EmbeddedLedger {
  private readonly state: DocumentFile<StateDocument>;
  private readonly heard = new Map<string, Heard>();
  private readonly turns = new Turns();
  private peak = 0;

  constructor(filename?: string, availability?: Availability) {
    this.state = new DocumentFile(filename, availability);
  }

  async open(): Promise<void> {
    await this.state.open();
    this.peak = this.state.get(PEAK)?.peak ?? 0;
  }

  async close(): Promise<void> {
    await this.keepPeak();
    await this.state.close();
  }

  /** Notes the number of sessions now; the peak reaches the file when it is told to somebody, or at the end. */
  observe(sessions: number): void {
    this.peak = Math.max(this.peak, this.counted() === undefined ? sessions : 0);
  }

  async connections(sessions: number, nowMs: number): Promise<ConnectionCounts> {
    const current = this.current(sessions, nowMs);
    this.peak = Math.max(this.peak, current);
    await this.keepPeak();
    return { current, peak: this.peak };
  }

  async resetPeak(sessions: number, nowMs: number): Promise<void> {
    this.peak = this.current(sessions, nowMs);
    await this.keepPeak();
  }

  async hearInstance(instanceId: string, connections: number | undefined, nowMs: number): Promise<void> {
    const known = connections ?? this.heard.get(instanceId)?.connections;
    this.heard.delete(instanceId);
    this.heard.set(instanceId, { connections: known, atMs: nowMs });
    for (const id of this.heard.keys()) {
      if (this.heard.size <= MAX_HEARD) break;
      this.heard.delete(id);
    }
    if (known === undefined) return;
    this.peak = Math.max(this.peak, this.current(0, nowMs));
  }

  toldInstances(nowMs: number): ReadonlySet<string> {
    this.forgetOld(nowMs);
    return new Set(this.heard.keys());
  }

  async forgetInstance(instanceId: string): Promise<void> {
    this.heard.delete(instanceId);
  }

  async broadcastEnabled(): Promise<boolean> {
    return this.state.get(BROADCAST)?.enabled ?? true;
  }

  async setBroadcastEnabled(enabled: boolean): Promise<void> {
    await this.state.putAll([{ _id: BROADCAST, enabled }]);
  }

  /** In turns: the file must hold nothing else by then, on its way neither. */
  private keepPeak(): Promise<void> {
    return this.turns.take(async () => {
      if (this.peak !== (this.state.get(PEAK)?.peak ?? 0)) await this.state.putAll([{ _id: PEAK, peak: this.peak }]);
    });
  }

  /** The sum heard from instances; our own sessions where nothing is heard (contract W14, W15). */
  private current(sessions: number, nowMs: number): number {
    this.forgetOld(nowMs);
    return this.counted() ?? sessions;
  }

  /** Undefined where no count was told: a sum of 0 is one that was. */
  private counted(): number | undefined {
    let sum: number | undefined;
    for (const { connections } of this.heard.values()) if (connections !== undefined) sum = (sum ?? 0) + connections;
    return sum;
  }

  private forgetOld(nowMs: number): void {
    for (const [id, { atMs }] of this.heard) if (nowMs - atMs > HEARD_FOR_MS) this.heard.delete(id);
  }
}
