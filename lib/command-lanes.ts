import type { Command, CommandResult } from '../domain/commands';
import { Batcher, type Priority } from './batcher';

export interface LaneOptions {
  /** Carries out a batch of commands; more than one batch at once where there is more than one lane. */
  readonly flush: (batch: readonly Command[]) => Promise<readonly (CommandResult | Error)[]>;
  /** One where the store relies on flushes that never overlap; see `LANES_OF_A_DATABASE`. */
  readonly lanes: number;
  /** Commands that may wait, all lanes together. */
  readonly maxQueued: number;
}

/** Commands of one flush: large enough to share a round trip, small enough that nobody waits behind a whole node's loss. */
const MAX_BATCH = 512;
/** Of those in the background: a flush is not much longer for them. */
const MAX_BACKGROUND = 64;
/**
 * While one lane waits for the database the other decides, and a database writes for two at once more than for
 * one. More than two gained nothing on two cores (bench/README.md).
 */
export const LANES_OF_A_DATABASE = 2;

/**
 * Where commands wait for their flush: lanes of group commit, each user always in the same one, so that commands on a
 * user stay in the order they came. What a flush does to users of another lane (a session stored under several of
 * them) is settled as between replicas: by the store's compare-and-set.
 */
export class CommandLanes {
  private readonly lanes: readonly Batcher<Command, CommandResult>[];

  constructor({ flush, lanes, maxQueued }: LaneOptions) {
    const each = Math.ceil(maxQueued / lanes);
    this.lanes = Array.from(
      { length: lanes },
      () => new Batcher({ flush, maxBatch: MAX_BATCH, maxBackground: MAX_BACKGROUND, maxQueued: each }),
    );
  }

  /** Commands not yet in a flush. */
  get queued(): number {
    return this.lanes.reduce((sum, lane) => sum + lane.queued, 0);
  }

  /** As `Batcher.submit`. */
  submit(command: Command, priority: Priority = 'live'): Promise<CommandResult> {
    const lane = this.lanes.length === 1 ? 0 : hashOf(command.uid) % this.lanes.length;
    return this.lanes[lane]!.submit(command, priority);
  }

  /** Refuses new commands and waits for those accepted. */
  async drain(): Promise<void> {
    await Promise.all(this.lanes.map((lane) => lane.drain()));
  }
}

/** FNV-1a over UTF-16 units: cheap, and even enough for ids that differ in one digit. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return (hash ^ (hash >>> 15)) >>> 0;
}
