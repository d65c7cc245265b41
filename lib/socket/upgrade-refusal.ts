import type { Duplex } from 'node:stream';
import { retryAfterOf } from '../http/access';
import { endConnection } from '../http/last-answer';
import { PresenceError } from '../wire/errors';

/** A request that is answered with an HTTP status in place of a WebSocket. */
export class UpgradeRefusal extends Error {
  /** @param afterS seconds after which it may be tried again */
  constructor(
    readonly status: number,
    readonly code: string,
    readonly afterS?: number,
  ) {
    super(code);
  }

  static of(error: unknown): UpgradeRefusal {
    if (error instanceof UpgradeRefusal) return error;
    if (!(error instanceof PresenceError)) return new UpgradeRefusal(500, 'INTERNAL');
    return new UpgradeRefusal(error.code, error.type, retryAfterOf(error));
  }
}

/** As all errors of the HTTP side: RFC 9457. */
export function refuseUpgrade(stream: Duplex, { status, code, afterS }: UpgradeRefusal): void {
  if (stream.destroyed) return;
  const body = JSON.stringify({ type: `/problems/${code}`, title: code, status, code });
  const head = [
    `HTTP/1.1 ${status} ${code}`,
    'Connection: close',
    'Content-Type: application/problem+json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    ...(afterS === undefined ? [] : [`Retry-After: ${afterS}`]),
  ];
  endConnection(stream, `${head.join('\r\n')}\r\n\r\n${body}`);
}
