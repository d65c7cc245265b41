import { Mirror } from '../../lib/mirror/mirror';
import type { RocketChatFault } from '../../lib/rocketchat/faults';
import { StatusPush } from '../../lib/rocketchat/status-push';
import { AccountInMemory, OwnSideInMemory } from './mirrored-sides';

export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;

/** Both sides in memory and what keeps them the same, new for each test. */
class MirrorFixture {
  account!: AccountInMemory;
  side!: OwnSideInMemory;
  push!: StatusPush;
  notes!: Map<string, object>;
  warnings: string[] = [];
  mirror!: Mirror;

  reset(): void {
    [this.account, this.side] = [new AccountInMemory(), new OwnSideInMemory()];
    [this.notes, this.warnings] = [new Map<string, object>(), []];
  }

  readonly start = ({ carries = true, decides = true } = {}): void => {
    const { account, side, notes, warnings } = this;
    const push = (this.push = new StatusPush({ account }));
    const link = {
      account: account as never,
      knowsEnds: true,
      worked: () => undefined,
      failed: (fault: RocketChatFault) => warnings.push(fault.message),
      setStatus: (wanted: Parameters<StatusPush['set']>[0]) => push.set(wanted),
    };
    const store = {
      read: async <T extends object>(name: string) => structuredClone(notes.get(name)) as T | undefined,
      write: async (name: string, note: object) => void notes.set(name, structuredClone(note)),
    };
    this.mirror = new Mirror({
      ...{ link, side, notes: store, withinMs: 5 * SECOND, carries, decides },
      warn: (message) => warnings.push(message),
    });
    this.mirror.begin();
  };

  readonly stop = async (): Promise<void> => {
    const ended = Promise.all([this.mirror.end(), this.push.stop()]);
    await jest.advanceTimersByTimeAsync(SECOND);
    await ended;
  };

  readonly passes = (ms: number) => jest.advanceTimersByTimeAsync(ms);

  /** A user says here that they are busy with this; without a text that they are nothing but online. */
  readonly say = (uid: string, statusText: string): void => {
    const statusDefault = statusText ? 'busy' : 'online';
    this.side.say(uid, { statusDefault, statusText, statusSource: 'manual' });
    this.mirror.changed([uid]);
  };

  readonly textsHere = () => Object.fromEntries([...this.side.records].map(([uid, user]) => [uid, user.statusText]));
  readonly textsThere = () => Object.fromEntries([...this.account.users].map(([uid, user]) => [uid, user.statusText]));
  readonly told = () => this.account.calls.filter((path) => path === 'v1/users.setStatus').length;
}

/** A clock of its own: hours go by in a moment, at Rocket.Chat's own limits. For the tests of one file. */
export function mirrorFixture(): MirrorFixture {
  const fixture = new MirrorFixture();
  beforeEach(() => {
    jest.useFakeTimers();
    fixture.reset();
  });
  afterEach(async () => {
    await fixture.stop();
    jest.useRealTimers();
  });
  return fixture;
}
