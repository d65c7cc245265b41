import type { Command, CommandResult } from '../../domain/commands';
import { Batcher, type Priority } from './batcher';

export interface LaneOptions {
  /** Carries out a batch of commands; more than one batch at once where there is more than one lane. */
  readonly flush: (batch: readonly Command[]) => Promise<readonly (CommandResult | Error)[]>;
  /** Of live commands. One where the store relies on flushes that never overlap; see `LANES_OF_A_DATABASE`. */
  readonly lanes: number;
  /** Commands that may wait, all lanes together. */
  readonly maxQueued: number;
}

/** Commands of one flush: large enough to share a round trip, small enough that nobody waits behind a whole node's loss. */
const MAX_BATCH = 512;
/** Of those in the background, where they share a lane with live ones: a flush is not much longer for them. */
const MAX_BACKGROUND = 64;
/**
 * Of those in the background, where these have a lane of their own: live calls wait for a statement's end (test/chaos/streamer-kill).
 * With 64 their p99 doubled now and then while a node's loss was worked off; with 20 that took longer and no less of the p99.
 */
const BACKGROUND_BATCH = 32;
/**
 * While one lane waits for the database the other decides, and a database writes for two at once more than for
 * one. More than two gained nothing on two cores (bench/README.md).
 */
export const LANES_OF_A_DATABASE = 2;

/**
 * Where commands wait for their flush: lanes of group commit, each user always in the same one, so that commands on a
 * user stay in the order they came. Jobs of our own have as many more, so that no live call waits for what they write; with a single
 * lane they take a share of it. What a flush does to users of another lane is settled as between replicas: by
 * the store's compare-and-set.
 */
export class CommandLanes {
  private readonly lanes: readonly Batcher<Command, CommandResult>[];
  private readonly background: readonly Batcher<Command, CommandResult>[];

  constructor({ flush, lanes, maxQueued }: LaneOptions) {
    const each = Math.ceil(maxQueued / lanes);
    this.lanes = Array.from(
      { length: lanes },
      () => new Batcher({ flush, maxBatch: MAX_BATCH, maxBackground: MAX_BACKGROUND, maxQueued: each }),
    );
    const behind = () => new Batcher({ flush, maxBatch: BACKGROUND_BATCH, maxQueued: each });
    this.background = lanes > 1 ? Array.from({ length: lanes }, behind) : this.lanes;
  }

  /** Commands not yet in a flush. */
  get queued(): number {
    return this.all().reduce((sum, lane) => sum + lane.queued, 0);
  }

  /** As `Batcher.submit`. */
  submit(command: Command, priority: Priority = 'live', isKept = false): Promise<CommandResult> {
    const lanes = priority === 'live' ? this.lanes : this.background;
    const lane = lanes.length === 1 ? 0 : hashOf(command.uid) % lanes.length;
    return lanes[lane]!.submit(command, priority, isKept);
  }

  /** Refuses new commands and waits for those accepted. */
  async drain(): Promise<void> {
    await Promise.all(this.all().map((lane) => lane.drain()));
  }

  private all(): readonly Batcher<Command, CommandResult>[] {
    return this.background === this.lanes ? this.lanes : [...this.lanes, ...this.background];
  }
}

/** FNV-1a over UTF-16 units: cheap, and even enough for ids that differ in one digit. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return (hash ^ (hash >>> 15)) >>> 0;
}
