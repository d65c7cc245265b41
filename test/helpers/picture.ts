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
  private awaited: string | undefined;

  /**
   * A subscription is asked for by this id: what comes before its answer is of the one before.
   *
   * @param since as it is given: a position says nothing of users whom the subscription was not about
   */
  begin(id: string, since?: string): void {
    [this.awaited, this.position] = [id, since];
  }

  take(frame: ServerFrame): void {
    this.ops.push(frame.op);
    const { op, id, first } = frame;
    if (this.awaited !== undefined) {
      if (id !== this.awaited || (op !== 'resumed' && !(op === 'snapshot' && first))) return;
      this.awaited = undefined;
    }
    if (op === 'snapshot') this.page(frame);
    else if (op === 'resumed') this.resumed(frame);
    else if (op === 'changes') this.changes(frame);
  }

  private page({ seq, users = [], first, more }: ServerFrame): void {
    if (first) {
      this.users.clear();
      this.isComplete = false;
    } else if (this.isComplete) throw new Error('a page follows a complete snapshot');
    // Of a snapshot that is not complete there is no position to go on from.
    this.position = undefined;
    for (const user of users) this.users.set(user.uid, user);
    if (more) return;
    this.isComplete = true;
    this.position = seq;
  }

  private resumed({ seq }: ServerFrame): void {
    if (seq !== this.position) throw new Error(`resumed at ${seq}, not at ${this.position}`);
    this.isComplete = true;
  }

  private changes({ seq, users = [] }: ServerFrame): void {
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
