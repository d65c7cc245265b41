/** A node of the bus as this one sees it. */
export interface NodeSeen {
  readonly id: string;
  /** False once it has left or was declared lost. */
  readonly available: boolean;
  /** How long ago its last heartbeat came, milliseconds. */
  readonly silentMs: number;
  /** Its process, where it tells one; how long ago that came to the bus, and how long ago its last INFO packet came, milliseconds. */
  readonly process?: { readonly instanceID: string; readonly ageMs: number; readonly toldAgoMs: number };
}

/** All in milliseconds. */
export interface WatchRules {
  /** A node that is silent for longer is lost. */
  readonly heartbeatTimeoutMs: number;
  /** A healthy node is never silent for longer than this. */
  readonly quietAfterMs: number;
  /** From the loss of a node to the dropping of its sessions: a node that is back by then keeps them. */
  readonly graceMs: number;
  /** The same, where the loss is doubtful. */
  readonly leaseMs: number;
}

interface Loss {
  readonly atMs: number;
  dueAtMs: number;
  /** `missing`: it holds sessions, and the bus has not shown it. */
  readonly kind: 'left' | 'lost' | 'missing';
  /** Lost together with most others: perhaps it is this node that lost the bus. */
  doubtful: boolean;
}

/** Fewer nodes than this lost at once are no sign of a fault of our own. */
const FEWEST_OF_MOST = 2;

/**
 * Whose sessions are to be dropped because their node is gone (design invariant 7). Pure: it is told what is seen, and
 * when, in milliseconds of a monotonic clock.
 *
 *   alive ──leaves──▶ left ──────────────────────────────▶ due at once
 *   alive ──silent for the heartbeat time-out──▶ lost ─grace─▶ due
 *   lost together with most nodes ──▶ doubtful ──a lease, or the others are back and it is not──▶ due
 *   stored and not seen for the time-out and the grace after its last session was written ──▶ missing ──▶ due
 *   missing while no other node is seen ──▶ doubtful
 *   any ──seen alive again──▶ alive
 *
 * While our own bus is down nothing is due and what seems lost or missing is not believed; when it is back everybody has
 * one heartbeat time-out to be heard of again.
 */
export class NodeWatch {
  private readonly known = new Set<string>();
  private readonly gone = new Map<string, Loss>();
  private down = false;
  private trustedFromMs: number;

  constructor(
    private readonly rules: WatchRules,
    startMs: number,
  ) {
    this.trustedFromMs = startMs + rules.heartbeatTimeoutMs;
  }

  /** Whether what is seen now may be believed. */
  isTrusted(nowMs: number): boolean {
    return !this.down && nowMs >= this.trustedFromMs;
  }

  /** Nodes gone whose sessions are not dropped yet. */
  get pending(): ReadonlyMap<string, Readonly<Loss>> {
    return this.gone;
  }

  /** Our own bus is lost, or this process did not run: what seemed lost is not believed. */
  distrust(): void {
    this.down = true;
    for (const [id, { kind }] of this.gone) if (kind !== 'left') this.gone.delete(id);
  }

  /** The bus is back: everybody gets one heartbeat time-out. Does nothing while it was never gone. */
  trustAgain(nowMs: number): void {
    if (!this.down) return;
    this.down = false;
    this.trustedFromMs = nowMs + this.rules.heartbeatTimeoutMs;
  }

  /** A node has said that it leaves, or somebody who knows has said so. */
  left(id: string, nowMs: number): void {
    if (this.down) return;
    this.gone.set(id, { atMs: nowMs, dueAtMs: nowMs, kind: 'left', doubtful: false });
  }

  /** An instance holds sessions, and the bus has not shown it. @param doubtful no other node was seen either */
  missing(id: string, doubtful: boolean, nowMs: number): void {
    const loss = this.gone.get(id);
    if (loss) {
      if (loss.kind === 'missing' && !doubtful) loss.dueAtMs = Math.min(loss.dueAtMs, nowMs);
      return;
    }
    if (this.known.has(id)) return; // lost or not, that is for the next look to tell
    const dueAtMs = nowMs + (doubtful ? this.rules.leaseMs : 0);
    this.gone.set(id, { atMs: nowMs, dueAtMs, kind: 'missing', doubtful });
  }

  /**
   * Which stored instances the bus does not show; all that was missing and is not among them is there again.
   *
   * @param instances with the time since the last of their sessions was written, milliseconds
   * @returns those whose sessions are to be dropped now
   */
  unseen(instances: ReadonlyMap<string, number>, doubtful: boolean, nowMs: number): string[] {
    if (!this.isTrusted(nowMs)) return [];
    const silentMs = this.rules.heartbeatTimeoutMs + this.rules.graceMs;
    const missing = [...instances].filter(([, sinceMs]) => sinceMs >= silentMs).map(([id]) => id);
    const isMissing = new Set(missing);
    for (const [id, { kind }] of this.gone) if (kind === 'missing' && !isMissing.has(id)) this.gone.delete(id);
    for (const id of missing) this.missing(id, doubtful, nowMs);
    return this.due(nowMs).filter((id) => this.gone.get(id)!.kind === 'missing');
  }

  /** Takes in what is seen of all other nodes. */
  look(nodes: readonly NodeSeen[], nowMs: number): void {
    const { heartbeatTimeoutMs, quietAfterMs, graceMs } = this.rules;
    const alive = nodes.filter(({ available, silentMs }) => available && silentMs <= heartbeatTimeoutMs);
    for (const { id } of alive) {
      this.known.add(id);
      this.gone.delete(id);
    }
    if (!this.isTrusted(nowMs)) return;
    const living = new Set(alive.map(({ id }) => id));
    for (const id of this.known) {
      if (living.has(id) || this.gone.has(id)) continue;
      this.gone.set(id, { atMs: nowMs, dueAtMs: nowMs + graceMs, kind: 'lost', doubtful: false });
    }
    this.doubt(alive.filter(({ silentMs }) => silentMs > quietAfterMs).length, alive.length, nowMs);
  }

  /** @returns nodes whose sessions are to be dropped now */
  due(nowMs: number): string[] {
    if (this.down) return [];
    return [...this.gone].filter(([, { dueAtMs }]) => dueAtMs <= nowMs).map(([id]) => id);
  }

  /** The sessions of a node are dropped, or somebody else has done it. */
  settled(id: string): void {
    this.gone.delete(id);
    this.known.delete(id);
  }

  /** Losing most nodes at once looks like losing the bus: their sessions get a lease. Whoever is missing when the others are back is lost. */
  private doubt(quiet: number, alive: number, nowMs: number): void {
    const lost = [...this.gone.values()].filter(({ kind }) => kind === 'lost');
    const silent = quiet + lost.length;
    const most = silent >= FEWEST_OF_MOST && 2 * silent > alive + lost.length;
    for (const loss of lost) {
      if (most && !loss.doubtful) {
        loss.doubtful = true;
        loss.dueAtMs = loss.atMs + this.rules.leaseMs;
      } else if (!most && loss.doubtful) {
        loss.doubtful = false;
        loss.dueAtMs = Math.min(loss.dueAtMs, nowMs + this.rules.heartbeatTimeoutMs);
      }
    }
  }
}
