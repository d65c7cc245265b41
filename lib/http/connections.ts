import type http from 'node:http';
import type { Duplex } from 'node:stream';

/** More than any proxy keeps; connections beyond these end with their answer. */
const MAX_IDLE = 1_000;

/** The connections of one HTTP server: which of them wait for an answer, which are idle, and how they are let go of on a stop. */
export class Connections {
  /** Answers that are to be given, by connection; of an idle one there are none. */
  private readonly answers = new Map<Duplex, Set<http.ServerResponse>>();
  private readonly busy = new Set<Duplex>();
  private whenAnswered: () => void = () => undefined;
  private isEnding = false;
  private lastRequestAtMs = -Infinity;

  /** A request has come; what is set here on its answer says whether the connection is kept. */
  begin({ socket }: http.IncomingMessage, res: http.ServerResponse): void {
    this.lastRequestAtMs = performance.now();
    if (this.isEnding || this.answers.size - this.busy.size >= MAX_IDLE) res.setHeader('connection', 'close');
    const answers = this.answersOn(socket).add(res);
    this.busy.add(socket);
    res.once('close', () => {
      answers.delete(res);
      if (answers.size === 0) this.rest(socket);
    });
  }

  /** Whether what comes next on a connection would be taken for the answer to the request that is at fault. */
  canBeTold(socket: Duplex): boolean {
    const [first, second] = this.answers.get(socket) ?? [];
    return second === undefined && !first?.headersSent;
  }

  /** Milliseconds since the last request; Infinity where there has been none. */
  get quietForMs(): number {
    return performance.now() - this.lastRequestAtMs;
  }

  /** From now on every answer ends its connection. */
  endWithAnswers(): void {
    this.isEnding = true;
  }

  /** Waits until nothing is left to be answered, but not longer than this. */
  async allAnswered(withinMs: number): Promise<void> {
    if (this.busy.size === 0) return;
    await new Promise<void>((resolve) => {
      const late = setTimeout(resolve, withinMs);
      this.whenAnswered = () => {
        clearTimeout(late);
        resolve();
      };
    });
  }

  private answersOn(socket: Duplex): Set<http.ServerResponse> {
    const known = this.answers.get(socket);
    if (known) return known;
    const answers = new Set<http.ServerResponse>();
    this.answers.set(socket, answers);
    // Answers that were waiting for their turn are not closed with it.
    socket.once('close', () => {
      this.answers.delete(socket);
      this.rest(socket);
    });
    return answers;
  }

  private rest(socket: Duplex): void {
    this.busy.delete(socket);
    if (this.busy.size === 0) this.whenAnswered();
  }
}
