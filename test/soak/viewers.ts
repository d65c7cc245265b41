import { setTimeout as pause } from 'node:timers/promises';
import { inspect } from 'node:util';
import { eventually } from '../helpers/eventually';
import { READ_TOKEN, SocketUser } from '../helpers/socket-client';
import { Picture } from '../helpers/picture';
import type { SoakReplica } from './soak-world';

const HOLDS_MS = 8_000;
const COMES_BACK_AFTER_MS = 300;
const ANSWERED_WITHIN_MS = 20_000;

/** A WebSocket client that comes, listens, subscribes anew, breaks off and goes on from where it was. */
class Viewer {
  user: SocketUser | undefined;
  /** Connections it has had. */
  opened = 0;
  readonly faults: string[] = [];
  private port = 0;
  private picture = new Picture();

  constructor(
    private readonly replicas: readonly SoakReplica[],
    private readonly uids: readonly string[],
  ) {}

  /** One stay: at any replica, with any subscription, ended in any way. */
  async stay(): Promise<void> {
    try {
      const user = await this.come();
      user.subscribe(Math.random() < 0.5 ? 'all' : this.someUids());
      await pause(HOLDS_MS * Math.random());
      if (user.closed) return; // its replica has lost its bus, or its store
      user.subscribe('all');
      await pause(HOLDS_MS * Math.random());
      if (user.fault !== undefined) this.faults.push(inspect(user.fault));
    } catch {
      await pause(COMES_BACK_AFTER_MS); // refused: a server is away
    } finally {
      this.leave();
    }
  }

  /** Comes for good, and listens to all. */
  async settle(): Promise<void> {
    await eventually(
      async () => {
        this.leave();
        const user = await this.come();
        user.subscribe('all');
        await user.answered();
      },
      { timeoutMs: ANSWERED_WITHIN_MS },
    );
  }

  leave(): void {
    const user = this.user;
    this.user = undefined;
    if (Math.random() < 0.5) user?.cut();
    else user?.socket.close();
  }

  private async come(): Promise<SocketUser> {
    const { port } = this.replicas[Math.floor(Math.random() * this.replicas.length)]!;
    if (port !== this.port || Math.random() < 0.5) this.picture = new Picture();
    this.port = port;
    this.user = await SocketUser.open(port, { token: READ_TOKEN }, this.picture);
    this.opened += 1;
    return this.user;
  }

  private someUids(): string[] {
    const from = Math.floor(Math.random() * this.uids.length);
    return this.uids.slice(from, from + 50);
  }
}

/** Many of them. While they are settled each has one connection. */
export class Viewers {
  private readonly all: readonly Viewer[];
  private isOn = false;
  private stays: Promise<unknown> = Promise.resolve();

  constructor(replicas: readonly SoakReplica[], uids: readonly string[], count: number) {
    this.all = Array.from({ length: count }, () => new Viewer(replicas, uids));
  }

  get opened(): number {
    return this.all.reduce((sum, { opened }) => sum + opened, 0);
  }

  get faults(): string[] {
    return this.all.flatMap(({ faults }) => faults);
  }

  start(): void {
    this.isOn = true;
    for (const viewer of this.all) viewer.leave();
    this.stays = Promise.all(
      this.all.map(async (viewer) => {
        while (this.isOn) await viewer.stay();
      }),
    );
  }

  async settle(): Promise<void> {
    this.isOn = false;
    await this.stays;
    for (const viewer of this.all) await viewer.settle();
  }

  /** Waits until each of them knows everybody as expected. */
  async know(expected: Readonly<Record<string, string>>): Promise<void> {
    for (const { user } of this.all) {
      const online = Object.fromEntries(Object.entries(expected).filter(([, status]) => status !== 'offline'));
      await user!.knows(online, ANSWERED_WITHIN_MS);
      for (const uid of Object.keys(expected)) {
        if (!(uid in online)) expect([undefined, 'offline']).toContain(user!.status(uid));
      }
    }
  }

  leave(): void {
    for (const viewer of this.all) viewer.leave();
  }
}
