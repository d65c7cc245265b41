import { setTimeout as delay } from 'node:timers/promises';
import { withoutAbsent } from '../../domain/alike';
import type { Word } from '../../domain/mirror';
import { RocketChatFault } from '../rocketchat/faults';
import type { RocketChatLink } from '../rocketchat/link';
import type { NoteStore } from '../store/note-port';
import { throttled } from '../throttled';
import { Follower } from './follower';
import type { OwnSide } from './own-side';
import { PRESENCE_PATH, PresencePoll, type Polled } from './presence-poll';
import { WordPush } from './word-push';

export interface MirrorOptions {
  readonly link: Pick<RocketChatLink, 'account' | 'setStatus' | 'knowsEnds' | 'worked' | 'failed'>;
  readonly side: OwnSide;
  readonly notes: NoteStore;
  /** What changes on one side is on the other after this, or as soon as Rocket.Chat's limits allow; milliseconds. */
  readonly withinMs: number;
  /** Whether connections and claims are carried in this way; else by the bus, and what it lost is put right. */
  readonly carries: boolean;
  /** Whether presence is decided here, so that Rocket.Chat is told what is said here. */
  readonly decides: boolean;
  readonly warn: (message: string) => void;
}

/** How the two sides stand. */
export interface MirrorState {
  /** Users who are connected to Rocket.Chat. */
  readonly connected: number;
  /** Users whose word Rocket.Chat has not been told yet. */
  readonly untold: number;
  /** When both were last compared. */
  readonly comparedAt?: Date;
}

/** How far it is. */
interface Note {
  /** Up to then everything that was said here has been told there. */
  readonly until: Date;
  /** What was said there, of those of whom something was told or followed since then, which is no news for whoever goes on. */
  readonly there: readonly (Word & { readonly uid: string })[];
}

const NOTE = 'rocketchat-mirror';
const NOTE_EVERY_MS = 15_000;
/** Of more a few may be told once more than needed. */
const MOST_NOTED = 10_000;
/** A change is heard of some moments after it was made. */
const MARGIN_MS = 5_000;
const LOOK_EVERY_MS = 100;
/** Asked a little more often than promised: an answer takes its time. */
const EARLY = 0.8;

/**
 * Keeps presence here and in a Rocket.Chat with a database of its own the same, by its REST API: what it shows is followed, what is said
 * here is told there. Of two that say something else at once the newer holds, as far as that can be known.
 */
export class Mirror {
  private readonly there = new Map<string, Word>();
  private readonly poll: PresencePoll;
  private readonly follower: Follower;
  private readonly push: WordPush;
  private readonly stopping = new AbortController();
  private readonly warnSometimes: (message: string) => void;
  private running: Promise<unknown> | undefined;
  private comparedAt: Date | undefined;
  private toldUntilMs: number | undefined;
  /** Of whom something was told or followed, and when by this service's clock. */
  private readonly settled = new Map<string, number>();
  private notedAtMs = -Infinity;

  constructor(private readonly options: MirrorOptions) {
    const { link, side, carries } = options;
    const { there } = this;
    const knowsEnds = () => link.knowsEnds ?? true;
    this.warnSometimes = throttled(60_000, options.warn);
    this.poll = new PresencePoll(link.account);
    this.push = new WordPush({
      ...{ side, there },
      set: (wanted) => link.setStatus(wanted),
      knowsEnds,
      onTold: (uid) => this.settled.set(uid, side.clock()),
      warn: (message) => this.warnSometimes(message),
    });
    const isNewerHere = (uid: string, sinceMs: number) => this.push.isNewer(uid, sinceMs);
    const onClaims = (uid: string) => {
      if (this.isTelling) this.push.takes(uid);
    };
    const onClaimed = (uid: string) => {
      this.settled.set(uid, side.clock());
      if (this.isTelling) this.push.taken(uid);
    };
    this.follower = new Follower({ side, there, isNewerHere, knowsEnds, onClaims, onClaimed, carries });
  }

  get state(): MirrorState {
    const { comparedAt, follower, push } = this;
    return { connected: follower.connected, untold: push.waiting, ...(comparedAt && { comparedAt }) };
  }

  begin(): void {
    const { signal } = this.stopping;
    this.running ??= Promise.all([this.compareAgainAndAgain(signal), this.lookAgainAndAgain(signal)]);
  }

  async end(): Promise<void> {
    this.stopping.abort();
    await Promise.all([this.running, this.push.stop()]);
    if (this.toldUntilMs === undefined) return;
    await this.write(this.toldUntilMs).catch((error: unknown) => this.options.warn(`${NOTE}: ${String(error)}`));
  }

  /** What is shown of these users has changed here. */
  changed(uids: Iterable<string>): void {
    if (this.isTelling) this.push.mark(uids);
  }

  private get isTelling(): boolean {
    return this.options.carries && this.options.decides;
  }

  private async compareAgainAndAgain(signal: AbortSignal): Promise<void> {
    const { link, withinMs } = this.options;
    for (let isLoaded = false; !signal.aborted;) {
      const beganAtMs = performance.now();
      try {
        if (!isLoaded) await this.load();
        isLoaded = true;
        await this.compare(signal);
      } catch (error) {
        if (signal.aborted) return;
        if (error instanceof RocketChatFault) link.failed(error);
        else this.warnSometimes(`presence here and in Rocket.Chat could not be compared: ${String(error)}`);
      }
      const everyMs = Math.max(EARLY * withinMs, link.account.everyMs(PRESENCE_PATH));
      const waitMs = Math.max(0, beganAtMs + everyMs - performance.now());
      await delay(waitMs, undefined, { signal }).catch(() => undefined);
    }
  }

  /** What was said here while nobody told it is found by its time. */
  private async load(): Promise<void> {
    const { side, notes } = this.options;
    const note = await notes.read<Note>(NOTE);
    await this.follower.load();
    for (const { uid, ...word } of note?.there ?? []) {
      this.there.set(uid, word);
      this.settled.set(uid, side.clock());
    }
    this.toldUntilMs = note?.until.getTime() ?? side.clock();
  }

  private async compare(signal: AbortSignal): Promise<void> {
    const { link, side } = this.options;
    const nowMs = side.clock();
    const polled = await this.poll.next(signal);
    link.worked();
    if (!polled) {
      this.poll.forget();
      this.warnSometimes(
        'Rocket.Chat shows nobody its presence (its broadcast is switched off): nothing can be followed',
      );
      return;
    }
    await this.follow(polled);
    this.comparedAt = new Date(side.clock());
    if (this.isTelling) this.push.start();
    await this.note(nowMs);
  }

  private async follow(polled: Polled): Promise<void> {
    const account = await this.options.link.account.userId();
    // Other replicas change users too; and this one did before it was told of its changes.
    if (this.isTelling) await this.markChanged();
    await this.push.look();
    await this.follower.follow({ ...polled, users: polled.users.filter(({ _id }) => _id !== account) });
    this.poll.taken(polled);
    this.push.forgetUntil(polled.askedAtMs);
  }

  private async markChanged(): Promise<void> {
    for await (const records of this.options.side.changedSince(this.toldUntilMs! - MARGIN_MS)) {
      this.push.mark(records.map(({ _id }) => _id));
    }
  }

  private async note(untilMs: number): Promise<void> {
    if (this.push.waiting === 0) this.toldUntilMs = untilMs;
    const sinceMs = this.toldUntilMs! - MARGIN_MS;
    for (const [uid, atMs] of this.settled) if (atMs < sinceMs) this.settled.delete(uid);
    if (this.settled.size > 0 || performance.now() - this.notedAtMs > NOTE_EVERY_MS)
      await this.write(this.toldUntilMs!);
  }

  private async write(untilMs: number): Promise<void> {
    const uids = [...this.settled.keys()].slice(-MOST_NOTED);
    const there = uids.flatMap((uid) => {
      const word = this.there.get(uid);
      return word ? [withoutAbsent({ uid, ...word })] : [];
    });
    await this.options.notes.write(NOTE, { until: new Date(untilMs), there } satisfies Note);
    this.notedAtMs = performance.now();
  }

  /** What is said here is told at once. */
  private async lookAgainAndAgain(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await delay(LOOK_EVERY_MS, undefined, { signal }).catch(() => undefined);
      if (!this.comparedAt || !this.isTelling) continue;
      try {
        await this.push.look();
        this.push.start();
      } catch (error) {
        this.warnSometimes(`what is said here could not be read: ${String(error)}`);
      }
    }
  }
}
