import type { HookReceiver, ToldChange } from './hook-receiver';
import type { RocketChatNode } from './rocket-chat-node';

const STATUSES = ['busy', 'away'] as const;

/** One user who says something new with each call, so that what was acknowledged is known by its text. */
export class TalkingUser {
  readonly acknowledged: string[] = [];
  private calls = 0;

  constructor(readonly uid: string) {}

  async step(core: RocketChatNode): Promise<string | undefined> {
    const call = this.calls++;
    const text = `${this.uid} says ${call}`;
    const accepted = await core.call('setStatus', this.uid, STATUSES[call % STATUSES.length], text);
    if (accepted !== true) return `setStatus of ${this.uid} answered ${String(accepted)}`;
    this.acknowledged.push(text);
    return undefined;
  }
}

export interface DeliveryReport {
  readonly acknowledged: number;
  /** Changes acknowledged and not delivered. */
  readonly missing: readonly string[];
  /** Messages that were taken, each time. */
  readonly taken: number;
  /** Of these, those that had been taken before. */
  readonly duplicates: number;
  /** Changes that came under more than one id. */
  readonly underSeveralIds: readonly string[];
}

/** Compares what was acknowledged with what a receiver has taken. @param taken ids of messages as they were answered with 200 */
export function reportOf(
  users: readonly TalkingUser[],
  receiver: HookReceiver,
  taken: readonly string[],
): DeliveryReport {
  const idsOf = new Map<string, Set<string>>();
  const texts = new Set<string>();
  const isTaken = new Set(taken);
  for (const { id, body } of receiver.received) {
    if (!isTaken.has(id)) continue;
    const { uid, rev, text = '' } = (JSON.parse(body) as { data: ToldChange }).data;
    texts.add(text);
    const change = `${uid} ${rev}`;
    idsOf.set(change, (idsOf.get(change) ?? new Set()).add(id));
  }
  const acknowledged = users.flatMap((user) => user.acknowledged);
  return {
    acknowledged: acknowledged.length,
    missing: acknowledged.filter((text) => !texts.has(text)),
    taken: taken.length,
    duplicates: taken.length - isTaken.size,
    underSeveralIds: [...idsOf].filter(([, ids]) => ids.size > 1).map(([change]) => change),
  };
}
