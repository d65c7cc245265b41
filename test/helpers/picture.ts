export interface SeenUser {
  readonly uid: string;
  readonly status: string;
  readonly rev?: number;
}

export interface ServerFrame {
  readonly op: string;
  readonly id?: string;
  readonly seq?: string;
  readonly epoch?: string;
  readonly first?: boolean;
  readonly more?: boolean;
  readonly reason?: string;
  readonly missed?: number;
  readonly users?: readonly SeenUser[];
  readonly code?: string;
  readonly detail?: string;
  readonly name?: string;
  readonly scope?: string;
}

/** What a client knows who does as docs/WEBSOCKET.md says. Throws when it is told what it should not be. */
export class Picture {
  readonly users = new Map<string, SeenUser>();
  /** To be given as `since`; absent before the first snapshot is complete. */
  position: string | undefined;
  /** Whether a snapshot is complete. */
  isComplete = false;
  readonly ops: string[] = [];

  /** A subscription is asked for without a position. */
  begin(): void {
    [this.isComplete, this.position] = [false, undefined];
  }

  take(frame: ServerFrame): void {
    this.ops.push(frame.op);
    const { op, seq, users = [], first, more } = frame;
    if (op === 'snapshot') {
      if (first) {
        this.users.clear();
        this.isComplete = false;
      } else if (this.isComplete) throw new Error('a page follows a complete snapshot');
      for (const user of users) this.users.set(user.uid, user);
      if (more) return;
      this.isComplete = true;
      this.position = seq;
    }
    if (op === 'resumed') {
      if (seq !== this.position) throw new Error(`resumed at ${seq}, not at ${this.position}`);
      this.isComplete = true;
    }
    if (op !== 'changes') return;
    if (!this.isComplete) throw new Error('changes before the snapshot is complete');
    const [[epoch, number], [before, last]] = [partsOf(seq), partsOf(this.position)];
    if (epoch !== before || number <= last) throw new Error(`changes ${seq} after ${this.position}`);
    if (users.length === 0) throw new Error('changes of nobody');
    for (const user of users) this.users.set(user.uid, user);
    this.position = seq;
  }

  /** Those not offline, by id: what a subscriber to all is to know. */
  present(): SeenUser[] {
    return [...this.users.values()].filter(isPresent).sort(byUid);
  }
}

export const isPresent = ({ status }: SeenUser): boolean => !['offline', 'unknown'].includes(status);
export const byUid = (a: SeenUser, b: SeenUser): number => (a.uid < b.uid ? -1 : 1);

function partsOf(position = ''): [string, number] {
  const [epoch = '', seq] = position.split('.');
  return [epoch, Number(seq)];
}
