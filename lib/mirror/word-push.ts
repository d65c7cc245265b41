import { setTimeout as delay } from 'node:timers/promises';
import { NO_WORD, saysTheSame, wordAt, wordHere, type Word } from '../../domain/mirror';
import type { UserRecord } from '../../domain/types';
import { PresenceError } from '../wire/errors';
import type { StatusToSet } from '../rocketchat/status-push';
import type { OwnSide } from './own-side';

export interface WordPushOptions {
  readonly side: OwnSide;
  /** What was said there when last heard of, by user. */
  readonly there: Map<string, Word>;
  /** Sets it in Rocket.Chat, however long that takes. @throws PresenceError */
  readonly set: (wanted: StatusToSet) => Promise<void>;
  /** Whether Rocket.Chat knows the end of a status. */
  readonly knowsEnds: () => boolean;
  /** Rocket.Chat has been told of a user. */
  readonly onTold: (uid: string) => void;
  readonly warn: (message: string) => void;
  /** What cannot be set because of the account is tried again after this, milliseconds. */
  readonly againAfterMs?: number;
}

const SLICE = 500;
const AGAIN_AFTER_MS = 30_000;
/** Will never be taken as it is. */
const FOR_GOOD = ['ROCKETCHAT_REFUSED', 'INVALID_ARGUMENT'];

/** On its way to Rocket.Chat. */
interface Telling {
  readonly uid: string;
  word: Word;
  /** Resolves once Rocket.Chat has what took the place of the first word. */
  instead?: Promise<void>;
}

/**
 * Tells Rocket.Chat what users say of themselves here: of each the newest alone, one after the other, for it takes few. What
 * waits is a set of users, so that it is never more than there are. Connections cannot be told there.
 */
export class WordPush {
  /** What they said there is being claimed here: what is said here is older. */
  private readonly outdated = new Set<string>();
  /** To be looked at. */
  private readonly marked = new Set<string>();
  /** Who says something else here than there; the first one is told next. */
  private readonly unsaid = new Set<string>();
  private readonly toldAtMs = new Map<string, number>();
  /** What Rocket.Chat would not take. */
  private readonly refused = new Map<string, Word>();
  private telling: Telling | undefined;
  private running: Promise<void> | undefined;
  private readonly stopping = new AbortController();

  constructor(private readonly options: WordPushOptions) {}

  /** Users whose word Rocket.Chat has not been told yet. */
  get waiting(): number {
    return this.unsaid.size;
  }

  mark(uids: Iterable<string>): void {
    for (const uid of uids) this.marked.add(uid);
  }

  /** What a user said there is being claimed here: until `taken` they are not looked at. */
  takes(uid: string): void {
    this.outdated.add(uid);
  }

  taken(uid: string): void {
    this.outdated.delete(uid);
    this.mark([uid]);
  }

  /** Looks at those who were marked, who of them is to be told of. @throws PresenceError STORE_UNAVAILABLE, and they stay marked */
  async look(): Promise<void> {
    while (this.marked.size > 0) {
      const uids = [...this.marked].slice(0, SLICE);
      for (const uid of uids) this.marked.delete(uid);
      try {
        for (const record of (await this.options.side.usersOf(uids)).values()) this.see(record);
      } catch (error) {
        this.mark(uids);
        throw error;
      }
    }
  }

  /** Whether a user's word is to be told there, or was since then (monotonic milliseconds). */
  isNewer(uid: string, sinceMs: number): boolean {
    return this.unsaid.has(uid) || (this.toldAtMs.get(uid) ?? -Infinity) >= sinceMs;
  }

  /** Begins to tell, if there is anything. */
  start(): void {
    if (this.unsaid.size === 0 || this.stopping.signal.aborted) return;
    this.running ??= this.run().finally(() => {
      this.running = undefined;
      this.start();
    });
  }

  /** What was told until then need not be remembered, monotonic milliseconds. */
  forgetUntil(ms: number): void {
    for (const [uid, atMs] of this.toldAtMs) if (atMs < ms) this.toldAtMs.delete(uid);
  }

  /** What waits is found again by who begins anew. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await this.running;
  }

  private see(record: UserRecord): void {
    const { _id: uid } = record;
    if (this.outdated.has(uid)) return;
    const word = wordHere(record, this.options.side.clock());
    if (this.telling?.uid === uid) return this.tellInstead(this.telling, word);
    if (this.differs(record, word)) this.unsaid.add(uid);
    else this.unsaid.delete(uid);
  }

  /** It takes the place of the one that waits for its turn. */
  private tellInstead(telling: Telling, word: Word): void {
    const before = telling.word;
    if (saysTheSame(before, word, this.options.knowsEnds())) return;
    telling.word = word;
    const wanted = this.wantedOf(telling.uid, word);
    // What the first would have changed is changed back: a wish without a text takes over the one that waits.
    telling.instead = this.options.set(before.text === word.text ? wanted : { ...wanted, text: word.text });
    telling.instead.catch(() => undefined); // whoever tells waits for it
  }

  private differs({ _id: uid, presenceChange }: UserRecord, word: Word): boolean {
    const { side, there, knowsEnds } = this.options;
    const refused = this.refused.get(uid);
    if (refused && saysTheSame(refused, word, true)) return false;
    const known = there.get(uid);
    if (known) return !saysTheSame(word, wordAt(known, side.clock()), knowsEnds());
    // Not heard of: who is offline there and has not changed.
    const isSaid = presenceChange?.cause === 'claim' || presenceChange?.cause === 'expiry';
    return isSaid || !saysTheSame(word, NO_WORD, knowsEnds());
  }

  private async run(): Promise<void> {
    while (this.unsaid.size > 0 && !this.stopping.signal.aborted) {
      const [uid] = this.unsaid;
      try {
        await this.tell(uid!);
      } catch (error) {
        this.failed(uid!, error);
        const { signal } = this.stopping;
        await delay(this.options.againAfterMs ?? AGAIN_AFTER_MS, undefined, { signal }).catch(() => undefined);
      }
    }
  }

  private async tell(uid: string): Promise<void> {
    const { side, there, set } = this.options;
    const record = (await side.usersOf([uid])).get(uid);
    const word = record && wordHere(record, side.clock());
    if (!word || !this.differs(record, word)) return void this.unsaid.delete(uid);
    const telling: Telling = (this.telling = { uid, word });
    try {
      await set(this.wantedOf(uid, word));
      await allInstead(telling);
      there.set(uid, telling.word);
      this.toldAtMs.set(uid, performance.now());
      this.options.onTold(uid);
    } catch (error) {
      if (!(error instanceof PresenceError && FOR_GOOD.includes(error.type))) throw error;
      this.refused.set(uid, telling.word);
      this.options.warn(`what ${uid} says here cannot be said in Rocket.Chat: ${error.message}`);
    } finally {
      this.telling = undefined;
    }
    // It may have changed meanwhile: then it is told next time.
    this.mark([uid]);
    await this.look();
  }

  private failed(uid: string, error: unknown): void {
    // Behind the others.
    if (this.unsaid.delete(uid)) this.unsaid.add(uid);
    if (this.stopping.signal.aborted || (error instanceof PresenceError && error.type === 'STOPPING')) return;
    this.options.warn(`Rocket.Chat could not be told what users say here, it will be tried again: ${String(error)}`);
  }

  private wantedOf(uid: string, { status, text, expiresAtMs }: Word): StatusToSet {
    const ends = this.options.knowsEnds() && expiresAtMs !== undefined;
    // Not everybody may change texts there: one that is said already is left out.
    const isSaid = this.options.there.get(uid)?.text === text;
    return { uid, status, ...(!isSaid && { text }), ...(ends && { expiresAt: new Date(expiresAtMs) }) };
  }
}

/** Of what took each other's place the last alone is what Rocket.Chat shows in the end. */
async function allInstead(telling: Telling): Promise<void> {
  for (let last: Promise<void> | undefined; last !== telling.instead;) {
    last = telling.instead;
    await last;
  }
}
