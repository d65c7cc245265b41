import type { ShownThere } from '../../domain/mirror';
import type { ServiceAccount } from '../rocketchat/service-account';

/** What Rocket.Chat shows of its users. */
export interface Polled {
  /** Whoever is not among them is offline; else they are those who have changed. */
  readonly isAll: boolean;
  readonly users: readonly ShownThere[];
  /** When it was asked, by the monotonic clock. */
  readonly askedAtMs: number;
  /** From when on the next answer must tell, by Rocket.Chat's clock. */
  readonly nextFromMs: number;
}

interface Answer {
  readonly users?: readonly ShownThere[];
  readonly full?: boolean;
}

export const PRESENCE_PATH = 'v1/users.presence';
/** Rocket.Chat's nodes have clocks of their own; and its answers date from some time after it has looked. */
const OVERLAP_MS = 15_000;
/** Younger than what Rocket.Chat takes for recent (contract 6), whatever becomes of the clocks. */
const RECENT_MS = 60_000;

/** Who is deleted there is in no list of changes: so often everybody is asked for in their place. */
const ALL_EVERY_MS = 60_000;

/** Asks Rocket.Chat whose presence has changed, from one answer that was taken to the next; each minute for everybody. */
export class PresencePoll {
  private fromMs: number | undefined;
  /** When the last answer was asked for that told of everybody, by the monotonic clock. */
  private allAtMs = -Infinity;

  constructor(private readonly account: Pick<ServiceAccount, 'call' | 'theirTimeMs'>) {}

  /** @returns undefined where Rocket.Chat shows nobody, for its presence broadcast is switched off @throws RocketChatFault */
  async next(signal: AbortSignal): Promise<Polled | undefined> {
    const askedAtMs = performance.now();
    const asksForAll = askedAtMs - this.allAtMs >= ALL_EVERY_MS;
    const { users = [], full = false } = await this.ask(asksForAll ? undefined : this.fromMs, signal);
    const untilMs = this.account.theirTimeMs - (performance.now() - askedAtMs) - OVERLAP_MS;
    // An answer of everybody leaves out who is offline: what they have changed is for the next one to tell.
    const nextFromMs = (asksForAll ? this.fromMs : undefined) ?? untilMs;
    if (full && users.length === 0 && (await this.isHidden(signal))) return undefined;
    return { isAll: full, users, askedAtMs, nextFromMs };
  }

  /** What it told is taken: the next one goes on from there. */
  taken({ nextFromMs, isAll, askedAtMs }: Polled): void {
    this.fromMs = nextFromMs;
    if (isAll) this.allAtMs = askedAtMs;
  }

  /** The next one tells of everybody. */
  forget(): void {
    [this.fromMs, this.allAtMs] = [undefined, -Infinity];
  }

  /** An answer of nobody is the same, whether nobody is there or all are hidden; but the recent changes are `full` only where they are. */
  private async isHidden(signal: AbortSignal): Promise<boolean> {
    return (await this.ask(this.account.theirTimeMs - RECENT_MS, signal)).full === true;
  }

  private ask(fromMs: number | undefined, signal: AbortSignal): Promise<Answer> {
    const query = fromMs === undefined ? {} : { from: new Date(fromMs).toISOString() };
    return this.account.call<Answer>({ method: 'GET', path: PRESENCE_PATH, query }, signal);
  }
}
