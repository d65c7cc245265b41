import { setTimeout as pause } from 'node:timers/promises';
import { DdpProcess } from '../helpers/ddp-process';
import { clientsOf } from '../helpers/session-book';
import type { SoakWorld } from './soak-world';

const DOWN_AT_MOST_MS = 6_000;
const CALM_AT_LEAST_MS = 10_000;
const CALM_AT_MOST_MS = 25_000;
const CLIENTS_OF_A_STREAMER = 30;
/** Names go round, so that the people of killed nodes do not grow in number. */
const STREAMER_NAMES = 4;
const BEAT_EVERY_MS = 5_000;

export const STREAMER_UIDS: readonly string[] = Array.from({ length: STREAMER_NAMES }, (_, name) =>
  clientsOf(`streamer-${name}`, CLIENTS_OF_A_STREAMER).map(({ uid }) => uid),
).flat();

const someTime = (atMost: number, atLeast = 0) => pause(atLeast + (atMost - atLeast) * Math.random());

/** Servers that are killed and come back, nodes that die with their clients: one after the other, at random. */
export class Troubles {
  readonly made = new Map<string, number>();
  readonly faults: string[] = [];
  private streamers = 0;
  private isOn = false;
  private running: Promise<unknown> = Promise.resolve();

  constructor(private readonly world: SoakWorld) {}

  start(): void {
    this.isOn = true;
    this.running = this.run();
  }

  /** Resolves once everything runs again. */
  async stop(): Promise<void> {
    this.isOn = false;
    await this.running;
  }

  private async run(): Promise<void> {
    const kinds: readonly [string, () => Promise<void>][] = [
      ['NATS', () => this.outage(this.world.nats)],
      ['MongoDB', () => this.outage(this.world.mongo)],
      ['Redis', () => this.outage(this.world.redis)],
      ['streamer', () => this.streamer()],
      ['streamer', () => this.streamer()],
    ];
    while (this.isOn) {
      const [name, trouble] = kinds[Math.floor(Math.random() * kinds.length)]!;
      this.made.set(name, (this.made.get(name) ?? 0) + 1);
      try {
        await trouble();
        await this.world.healthy();
      } catch (error) {
        this.faults.push(`${name}: ${(error as Error).message}`);
      }
      if (this.isOn) await someTime(CALM_AT_MOST_MS, CALM_AT_LEAST_MS);
    }
  }

  private async outage(server: { kill(): Promise<void>; restart(): Promise<void> }): Promise<void> {
    await server.kill();
    await someTime(DOWN_AT_MOST_MS);
    await server.restart();
  }

  /** A ddp-streamer comes with clients and dies with them, or hangs first. */
  private async streamer(): Promise<void> {
    const number = this.streamers++;
    const node = await DdpProcess.start(this.world.nats.url, `streamer-${number}`);
    try {
      await node.open(clientsOf(`streamer-${number % STREAMER_NAMES}`, CLIENTS_OF_A_STREAMER), BEAT_EVERY_MS);
      await someTime(DOWN_AT_MOST_MS);
    } finally {
      await node.end(Math.random() < 0.8 ? 'SIGKILL' : 'SIGTERM');
    }
  }
}
