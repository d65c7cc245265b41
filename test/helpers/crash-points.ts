import type { Action, Command, MongoProxy } from './mongo-proxy';

/** Where in a call its process ends: at the nth of its commands (from 0) or at the first like `update users`, before or after that was carried out. */
export interface CrashPoint {
  readonly command: number | string;
  readonly when: 'before' | 'after';
}

interface Watched {
  readonly commands: string[];
  readonly point?: CrashPoint;
  readonly crash?: () => Promise<void>;
}

/** Ends processes between two commands of one call. A call's commands are those that name its user: give each call a user of its own. */
export class CrashPoints {
  private readonly watched = new Map<string, Watched>();

  constructor(proxy: MongoProxy) {
    proxy.intercept((command) => this.decide(command));
  }

  /** @returns what passes from now on that names the user, as `update users` */
  record(uid: string): readonly string[] {
    const commands: string[] = [];
    this.watched.set(uid, { commands });
    return commands;
  }

  /** @param kill must have ended the process when it is done. @returns settled with when (monotonic) that was */
  arm(uid: string, point: CrashPoint, kill: () => Promise<unknown>): Promise<number> {
    return new Promise((resolve, reject) => {
      const crash = () =>
        kill().then(() => {
          resolve(performance.now());
        }, reject);
      this.watched.set(uid, { commands: [], point, crash });
    });
  }

  private decide({ name, collection, document }: Command): Action | undefined {
    const text = JSON.stringify(document);
    const [, found] = [...this.watched].find(([uid]) => text.includes(uid)) ?? [];
    if (!found) return undefined;
    const { commands, point, crash } = found;
    commands.push(`${name} ${collection}`);
    if (!point || ![commands.length - 1, `${name} ${collection}`].includes(point.command)) return undefined;
    // Whatever else the process sent before it ended was on its way already: a server would carry it out too.
    return point.when === 'before'
      ? { before: crash, carryOut: 'nothing', answer: 'cut' }
      : { after: crash, answer: 'cut' };
  }
}
