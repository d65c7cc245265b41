import type { NodeSeen } from '../../domain/node-watch';
import { isShownChange, type PresenceChange } from '../../domain/presence';

/** Moleculer counts heartbeats in whole seconds. */
const ROUNDING_MS = 1000;

interface Held {
  readonly change: PresenceChange;
  /** Nobody else changed the user in between, so nobody told of it either. */
  readonly isWhole: boolean;
}

/**
 * Decides when changes are told. The bus keeps nothing for who is not on it, and a node that comes back to it knows
 * of no listener until it has heard of them again: from the loss of the bus until then changes are held, one a user,
 * from what was last told to what is now. Pure: times are milliseconds of a monotonic clock.
 */
export class Teller {
  private readonly held = new Map<string, Held>();
  private isHolding = false;
  /** Since when the bus is back, while changes are held. */
  private upSinceMs: number | undefined;

  /**
   * @param send tells one change
   * @param patienceMs a node not heard of for so long after the bus is back is not waited for
   */
  constructor(
    private readonly send: (change: PresenceChange) => void,
    private readonly patienceMs: number,
  ) {}

  tell(changes: readonly PresenceChange[]): void {
    for (const change of changes) {
      if (this.isHolding) this.hold(change);
      else this.send(change);
    }
  }

  busWentDown(): void {
    this.isHolding = true;
    this.upSinceMs = undefined;
  }

  /**
   * Takes in how things stand, and tells what was held once all nodes are heard of again. A user who came back to what was last
   * told of him has not changed for anybody.
   *
   * @returns of how many users it told; undefined while nothing is held back, or still is
   */
  look(isUp: boolean, nodes: readonly NodeSeen[], nowMs: number): number | undefined {
    if (!this.isHolding || !isUp) return undefined;
    this.upSinceMs ??= nowMs;
    const upMs = nowMs - this.upSinceMs;
    const allAreBack = nodes.every(({ available, silentMs }) => available && silentMs + ROUNDING_MS < upMs);
    if (!allAreBack && upMs < this.patienceMs) return undefined;
    this.isHolding = false;
    const held = [...this.held.values()];
    this.held.clear();
    const news = held.filter(({ change, isWhole }) => !isWhole || isShownChange(change.before, change.after));
    for (const { change } of news) this.send(change);
    return news.length;
  }

  private hold(change: PresenceChange): void {
    const { before, after } = change;
    const earlier = this.held.get(after._id);
    if (!earlier) {
      this.held.set(after._id, { change, isWhole: true });
      return;
    }
    const isWhole = earlier.isWhole && earlier.change.after.presenceRev === before.presenceRev;
    this.held.set(after._id, { change: { before: earlier.change.before, after }, isWhole });
  }
}
