import type http from 'node:http';
import net from 'node:net';
import { setImmediate as turn, setTimeout as pause } from 'node:timers/promises';
import type { Duplex } from 'node:stream';

/** More than any proxy keeps; connections beyond these end with their answer. */
const MAX_IDLE = 1_000;
/** Without a request for so long there is no proxy and no client that has to find another replica. */
const ASKED_LATELY_MS = 60_000;
/** After that a stop does not wait for requests under way. */
const ANSWERED_WITHIN_MS = 3_000;
/** How long connections without a request are kept once nothing listens: proxies have taken the replica for away by then. */
const LAST_REQUESTS_MS = 1_000;
const MAX_TURNS = 100;

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

  /**
   * Lets go of all clients: each answer ends its connection, after a while no more are taken, and what is under way is
   * answered.
   *
   * @param forMs proxies have to find another replica in; a server that was not asked lately has none
   */
  async drain(server: http.Server, forMs: number): Promise<void> {
    this.isEnding = true;
    const isAskedLately = performance.now() - this.lastRequestAtMs < ASKED_LATELY_MS;
    if (isAskedLately) await pause(forMs);
    await this.allTaken(server);
    stopListening(server);
    // A request may be on its way on a connection that is open: it would be lost, and a proxy sends no POST a second time.
    if (isAskedLately) await pause(Math.min(forMs, LAST_REQUESTS_MS));
    server.close();
    await this.allAnswered();
  }

  /** Connections that the system has taken but the server has not would be reset: waits for a turn in which there was none. */
  private async allTaken(server: http.Server): Promise<void> {
    let taken = 0;
    const count = () => (taken += 1);
    server.on('connection', count);
    let before: number;
    let turns = 0;
    do {
      before = taken;
      await turn();
    } while (taken > before && (turns += 1) < MAX_TURNS);
    server.removeListener('connection', count);
  }

  private async allAnswered(): Promise<void> {
    if (this.busy.size === 0) return;
    await new Promise<void>((resolve) => {
      const late = setTimeout(resolve, ANSWERED_WITHIN_MS);
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

/** An HTTP server's own `close` ends connections without a request, too. */
function stopListening(server: http.Server): void {
  net.Server.prototype.close.call(server);
}
