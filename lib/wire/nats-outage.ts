import type { LoggerInstance } from 'moleculer';

const SECOND = 1000;
const SAME_AGAIN_MS = 60 * SECOND;
const OTHER_AFTER_MS = 5 * SECOND;

/** What the log says while NATS cannot be reached: the first reason at once, the same one again once a minute, another one after five seconds. */
export class NatsOutage {
  private beganMs: number | undefined;
  private saidMs = 0;
  private said = '';

  /**
   * @param servers `host:port` of each
   * @param clock milliseconds
   */
  constructor(
    private readonly servers: readonly string[],
    private readonly log: Pick<LoggerInstance, 'error' | 'warn'>,
    private readonly clock: () => number = () => performance.now(),
  ) {}

  failed(thrown: unknown): void {
    const reason = reasonOf(thrown);
    const nowMs = this.clock();
    if (this.beganMs !== undefined && nowMs - this.saidMs < (reason === this.said ? SAME_AGAIN_MS : OTHER_AFTER_MS))
      return;
    this.beganMs ??= nowMs;
    [this.saidMs, this.said] = [nowMs, reason];
    this.log.error(
      `NATS unavailable at ${this.servers.join(', ')}: ${reason}: this node is not on the bus, and /health says 500, until a retry succeeds`,
    );
  }

  ended(): void {
    if (this.beganMs === undefined) return;
    this.log.warn(`NATS connected after ${((this.clock() - this.beganMs) / SECOND).toFixed(1)} s`);
    this.beganMs = undefined;
  }
}

interface Chained {
  readonly message?: unknown;
  readonly code?: unknown;
  readonly chainedError?: unknown;
  readonly errors?: readonly unknown[];
}

/** The innermost reason; of several addresses of one name the first one's. NATS's client never puts credentials into it. */
function reasonOf(thrown: unknown): string {
  const { message, code, chainedError, errors } = (thrown ?? {}) as Chained;
  const inner = chainedError ?? errors?.[0];
  if (inner !== undefined) return reasonOf(inner);
  const isRefusal = code === 'AUTHORIZATION_VIOLATION';
  const text =
    typeof message === 'string' && message !== '' ? message.replace(/^'(.*)'$/, '$1') : String(code ?? thrown);
  return isRefusal ? `${text} (see user, password or token in TRANSPORTER)` : text;
}
