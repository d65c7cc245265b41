import type { NodeProcess, ProcessSighting } from '../../domain/node-process';
import type { InstanceStore } from '../store/instance-port';

interface Noted {
  /** What was noted, and when. */
  readonly process: string;
  readonly atMs: number;
  readonly known: NodeProcess;
}

interface Returned {
  readonly back: readonly NodeProcess[];
  /** Nodes that are to be asked which process they are. */
  readonly unsure: readonly string[];
}

const SECOND = 1000;
/** What is noted is noted anew so often, so that the store may forget nodes that are gone. */
const NOTE_EVERY_MS = 24 * 60 * 60 * SECOND;
/** INFO packets may come under ever-new ids and processes: so many are noted at a look, and one node again after this time. */
const MAX_NOTES = 32;
const RENOTE_AFTER_MS = SECOND;
/** In this time all replicas have noted when they first heard of a process: the earliest time counts. */
const SETTLES_IN_MS = SECOND / 2;
/** A call of the former process may be carried out so long after it is gone. */
const STRAGGLERS_FOR_MS = 120 * SECOND;
const END_EVERY_MS = 10 * SECOND;
/** The leader reads all processes so often: a former leader may have dropped sessions of a node meanwhile. */
const REREAD_EVERY_MS = 10 * SECOND;

/**
 * Which process each node of the bus is, as all replicas know it through the store. Every replica notes what it sees; the leader ends
 * what former processes held, and restores what was lost with processes that are back.
 */
export class NodeProcesses {
  private readonly noted = new Map<string, Noted>();
  /** Nodes whose sessions are being dropped: what is lost of them is not restored meanwhile. */
  private readonly dropping = new Set<string>();
  /** When what its former process held was last ended here, by node. */
  private readonly endedAtMs = new Map<string, number>();
  private rereadAtMs = 0;

  /** @param clock epoch milliseconds, the store's time */
  constructor(
    private readonly store: InstanceStore,
    private readonly clock: () => number,
  ) {}

  /**
   * A node was lost, and its sessions are about to be dropped.
   *
   * @param drop drops them. It is given the node's process, for which they are kept; undefined where that is unknown
   */
  async lose<T>(id: string, drop: (process: string | undefined) => Promise<T>): Promise<T> {
    this.dropping.add(id);
    try {
      const known = (await this.store.processes()).find((one) => one.id === id);
      if (!known) return await drop(undefined);
      const mark = () => this.store.markProcess(id, known.process, { lostMs: this.clock() });
      // Marked first: if this replica is killed in between, the next leader restores what there is to restore.
      await mark();
      const dropped = await drop(known.process);
      // And again: the next leader may have restored the node's sessions while this one was still dropping them.
      await mark();
      return dropped;
    } finally {
      this.dropping.delete(id);
      this.noted.delete(id); // read anew, with the mark, if it is back
    }
  }

  /**
   * Nodes whose process was lost, and is back.
   *
   * @param heard nodes that are heard, and when each told its process last, epoch milliseconds. One that has not since its loss is to be
   * asked: another process may have its id. @param isFirstLook this replica leads since a moment ago
   */
  async returned(heard: ReadonlyMap<string, number>, isFirstLook: boolean): Promise<Returned> {
    const nowMs = this.clock();
    const rereads = isFirstLook || Math.abs(nowMs - this.rereadAtMs) >= REREAD_EVERY_MS;
    if (rereads) this.rereadAtMs = nowMs;
    const known = rereads ? await this.store.processes() : [...this.noted.values()].map((noted) => noted.known);
    const back = known.filter(({ id, process, lostMs }) => {
      return lostMs && heard.has(id) && this.noted.get(id)?.process === process && !this.dropping.has(id);
    });
    const hasTold = ({ id, lostMs = 0 }: NodeProcess) => heard.get(id)! > lostMs;
    return { back: back.filter(hasTold), unsure: back.filter((one) => !hasTold(one)).map(({ id }) => id) };
  }

  /** What was lost with this process is restored. */
  async restored(one: NodeProcess): Promise<void> {
    this.remember({ ...one, lostMs: 0 });
    await this.store.markProcess(one.id, one.process, { lostMs: 0 });
  }

  /** Takes in which processes are seen; only what is new costs anything. Nodes that are not seen are forgotten here, not in the store. */
  async look(sightings: readonly ProcessSighting[]): Promise<void> {
    const nowMs = this.clock();
    const seen = new Set(sightings.map(({ id }) => id));
    for (const id of this.noted.keys()) if (!seen.has(id)) this.noted.delete(id);
    const news = sightings.filter((sighting) => this.isNews(sighting, nowMs));
    for (const sighting of news.slice(0, MAX_NOTES)) {
      const known = await this.store.noteProcess(sighting);
      this.noted.set(sighting.id, { process: sighting.process, atMs: nowMs, known });
    }
  }

  /**
   * Nodes whose former process may have left sessions: those of processes that came lately, or of which nothing was ended yet.
   * Asks the store where there is any, for another replica may have seen the process earlier.
   */
  async replaced(isFirstLook: boolean): Promise<NodeProcess[]> {
    const nowMs = this.clock();
    const isDue = (one: NodeProcess) => this.isDue(one, nowMs);
    if (!isFirstLook && ![...this.noted.values()].some(({ known }) => isDue(known))) return [];
    return (await this.store.processes()).filter(isDue);
  }

  /** What was left by the former process of this one is ended. */
  async ended(one: NodeProcess): Promise<void> {
    const nowMs = this.clock();
    this.endedAtMs.set(one.id, nowMs);
    for (const [id, atMs] of this.endedAtMs) if (nowMs - atMs > STRAGGLERS_FOR_MS) this.endedAtMs.delete(id);
    this.remember({ ...one, endedMs: nowMs });
    await this.store.markProcess(one.id, one.process, { endedMs: nowMs });
  }

  private remember(known: NodeProcess): void {
    const noted = this.noted.get(known.id);
    if (noted) this.noted.set(known.id, { ...noted, known });
  }

  private isNews({ id, process }: ProcessSighting, nowMs: number): boolean {
    const noted = this.noted.get(id);
    return !noted || nowMs - noted.atMs >= (noted.process === process ? NOTE_EVERY_MS : RENOTE_AFTER_MS);
  }

  private isDue({ id, sinceMs, endedMs }: NodeProcess, nowMs: number): boolean {
    if (sinceMs === undefined || nowMs < sinceMs + SETTLES_IN_MS) return false;
    if (endedMs === undefined) return true;
    const isLate = nowMs > sinceMs + STRAGGLERS_FOR_MS;
    return !isLate && nowMs - (this.endedAtMs.get(id) ?? endedMs) >= END_EVERY_MS;
  }
}
