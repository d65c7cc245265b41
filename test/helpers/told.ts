import type { RocketChatNode, StatusCall } from './rocket-chat-node';

/**
 * What a listener was told of thousands of users. Looks at each event once: who polls while live calls are measured
 * must not take the time of the process that makes them.
 */
export class Told {
  private seen = 0;
  private readonly byUser = new Map<string, StatusCall[]>();

  constructor(private readonly listener: RocketChatNode) {}

  /** How many events there were so far. */
  get count(): number {
    return this.listener.statuses.length;
  }

  /** Of these users, those that were told otherwise than exactly so, in the order of revisions. */
  otherwise(uids: readonly string[], expected: readonly string[]): Record<string, string[]> {
    this.takeIn();
    const wanted = expected.join();
    const others = uids.filter((uid) => this.of(uid).join() !== wanted);
    return Object.fromEntries(others.map((uid) => [uid, this.of(uid)]));
  }

  private of(uid: string): string[] {
    const calls = this.byUser.get(uid) ?? [];
    return calls.sort((a, b) => a.rev! - b.rev!).map(({ user }) => user.status as string);
  }

  private takeIn(): void {
    const { statuses } = this.listener;
    for (; this.seen < statuses.length; this.seen += 1) {
      const call = statuses[this.seen]!;
      const uid = call.user._id as string;
      const before = this.byUser.get(uid);
      if (before) before.push(call);
      else this.byUser.set(uid, [call]);
    }
  }
}
