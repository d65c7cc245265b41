import { setTimeout as pause } from 'node:timers/promises';
import type { RocketChatNode } from './rocket-chat-node';

/** Calls under way at once. */
const TOGETHER = 64;
/** A call that is lost with the bus is not waited for: the next round makes it again. */
const CALL_WITHIN_MS = 2_000;

/** Sessions of one node, one for each user, for which it sends heartbeats as Rocket.Chat does until they leave. */
export class BeatingUsers {
  /** Rounds of heartbeats of which every one was acknowledged. */
  whole = 0;
  private readonly present: Set<string>;
  private readonly stopping = new AbortController();
  private beating: Promise<void> | undefined;

  /** @param everyMs from one round of heartbeats to the next */
  constructor(
    private readonly core: RocketChatNode,
    uids: readonly string[],
    private readonly everyMs: number,
  ) {
    this.present = new Set(uids);
  }

  /** Opens all sessions, and beats from then on. */
  async arrive(): Promise<void> {
    await this.forAll((uid) => this.core.call('newConnection', uid, `${uid}/s`, this.core.broker.nodeID));
    this.beating = this.beat();
  }

  /** Heartbeats of these too, whose sessions are open. */
  join(uids: readonly string[]): void {
    for (const uid of uids) this.present.add(uid);
  }

  /** No heartbeats any more, and no word of it. */
  vanish(uids: readonly string[]): void {
    for (const uid of uids) this.present.delete(uid);
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.beating;
  }

  private async beat(): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      const nextAtMs = performance.now() + this.everyMs;
      let failed = 0;
      await this.forAll((uid) => this.beatOf(uid).catch(() => (failed += 1)));
      if (failed === 0) this.whole += 1;
      await pause(Math.max(0, nextAtMs - performance.now()), undefined, { signal }).catch(() => undefined);
    }
  }

  private beatOf(uid: string): Promise<unknown> {
    return this.core.broker.call('presence.updateConnection', [uid, `${uid}/s`], { timeout: CALL_WITHIN_MS });
  }

  private async forAll(work: (uid: string) => Promise<unknown>): Promise<void> {
    const uids = [...this.present];
    for (let i = 0; i < uids.length && !this.stopping.signal.aborted; i += TOGETHER) {
      await Promise.all(
        uids
          .slice(i, i + TOGETHER)
          .filter((uid) => this.present.has(uid))
          .map(work),
      );
    }
  }
}
