import type { Caller } from '../http/access';
import type { SocketError } from './socket-errors';

/** Why a client gets a snapshot it has not asked for: it did not read fast enough, or changes may have been missed. */
export type SnapshotReason = 'slow' | 'lost';

export const PONG = '{"op":"pong"}';

export function helloFrame({ name, scope }: Caller, epoch: string): string {
  return JSON.stringify({ op: 'hello', name, scope, epoch });
}

export function errorFrame({ code, message, id }: SocketError): string {
  return JSON.stringify({ op: 'error', code, detail: message, id });
}

/** @param since the position it goes on from; what was missed follows */
export function resumedFrame(id: string | undefined, since: string, missed: number): string {
  return JSON.stringify({ op: 'resumed', id, seq: since, missed });
}

export interface SnapshotHead {
  readonly id: string | undefined;
  readonly seq: string;
  /** What the client had before counts no more. */
  readonly first: boolean;
  readonly reason: SnapshotReason | undefined;
}

/** The beginning of a `snapshot` frame, which the body of its page ends (lib/feed/snapshots.ts). */
export function snapshotHead({ id, seq, first, reason }: SnapshotHead): string {
  return `${JSON.stringify({ op: 'snapshot', id, seq, first: first || undefined, reason }).slice(0, -1)},`;
}
